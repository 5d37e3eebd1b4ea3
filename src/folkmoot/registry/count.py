"""The figures over all agents."""

from collections import Counter
from collections.abc import Sequence

from folkmoot.registry.model import AgentRecord, RegistryStats


def stats_of(records: Sequence[AgentRecord]) -> RegistryStats:
    """Count everybody."""
    presences = Counter(one.presence for one in records)
    workload, capacity = sum(one.current_workload for one in records), sum(one.max_capacity for one in records)
    return RegistryStats(
        total=len(records),
        online=presences["online"],
        offline=presences["offline"],
        silenced=presences["silenced"],
        by_type=dict(Counter(one.type for one in records)),
        by_role=dict(Counter(one.role for one in records)),
        by_department=dict(Counter(one.department for one in records)),
        by_availability=dict(Counter(one.availability for one in records)),
        workload=workload,
        capacity=capacity,
        utilization=workload / capacity if capacity else 0.0,
        oldest_heartbeat=min((one.last_seen for one in records if one.last_seen is not None), default=None),
    )
