"""The report as a page: one file with its drawings in it, that loads nothing from anywhere."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

from folkmoot.cli.load.draw import Series, bars, curve
from folkmoot.cli.load.figures import Report
from folkmoot.cli.load.record import Record
from folkmoot.kernel import rfc3339

_SLICES: Final = (10, 60)  # fewer where few answers would leave gaps
_BINS: Final = 48
_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2330;--dim:#687086;--line:#d9dde5;--paper:#fff;
--a:#2563eb;--b:#d97706;--c:#dc2626;--fill:#bfd4fb}
@media(prefers-color-scheme:dark){:root{--ink:#e7eaf0;--dim:#98a1b3;--line:#343b49;--paper:#151922;
--a:#7aa7ff;--b:#f0b35a;--c:#f87171;--fill:#2b4372}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}p{color:var(--dim);margin:.2rem 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1.25rem 0}
.figures div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
.figures b{display:block;font-size:1.3rem;font-variant-numeric:tabular-nums}.figures span{color:var(--dim)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg text{fill:var(--dim);font:11px system-ui,sans-serif}
.axis{stroke:var(--line)}.a{stroke:var(--a);fill:none}.b{stroke:var(--b);fill:none}.c{stroke:var(--c);fill:none}
.fill{fill:var(--fill)}path{stroke-width:1.6;stroke-linejoin:round}i{font-style:normal;margin-right:1rem}
i::before{content:"";display:inline-block;width:.9rem;height:.2rem;margin-right:.35rem;vertical-align:middle;
background:currentColor}i.a{color:var(--a)}i.b{color:var(--b)}i.c{color:var(--c)}
"""


def page_of(report: Report, record: Record) -> str:
    """HTML, whole."""
    told = report.plan.as_json()
    when = rfc3339(report.started_at)
    how = (
        f"{told['clients']} clients for {told['seconds']:g} s, "
        + (f"{told['wanted_rate']:g} messages/s due" if report.plan.rate else f"{told['pause_seconds']:g} s of pause")
        + (f", agent {told['agent']}" if told["agent"] else "")
    )
    early = "<p><strong>Ended early by hand.</strong></p>" if report.interrupted else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Load test of {escape(told["url"])}</title><style>{_STYLE}</style></head><body>
<h1>Load test of {escape(told["url"])}</h1><p>{when} · {escape(how)}</p>{early}
<div class="figures">{"".join(_boxes(report))}</div>
{"".join(_drawings(record))}
<h2>Times in milliseconds</h2>{_times(report)}
<h2>Errors</h2>{_errors(report)}
</body></html>
"""


def _boxes(report: Report) -> Iterator[str]:
    latency = report.latency_ms or {}
    pairs: list[tuple[str, str]] = [
        ("sent", f"{report.sent:,}"),
        ("received", f"{report.received:,}"),
        ("success", f"{report.success_rate:.2%}"),
        ("messages/s", f"{report.messages_per_second:,.1f}"),
        ("errors", f"{report.errors:,}"),
    ]
    pairs += [(f"{name}, ms", f"{latency[name]:,.1f}") for name in ("median", "p95", "p99") if name in latency]
    if report.unsent:
        pairs.append(("due, not sent", f"{report.unsent:,}"))
    yield from (f"<div><b>{value}</b><span>{name}</span></div>" for name, value in pairs)


def _drawings(record: Record) -> Iterator[str]:
    import numpy as np

    if not record.received:
        return
    at, latency = np.asarray(record.done_at), np.asarray(record.latency) * 1000
    end = max(record.elapsed, float(at.max()), 1e-3)
    slices = min(max(record.received // 10, _SLICES[0]), _SLICES[1])
    places = np.minimum((at / end * slices).astype(int), slices - 1)
    ranks: dict[str, list[tuple[float, float]]] = {"median": [], "p95": [], "max": []}
    for number in range(slices):
        inside = latency[places == number]
        if inside.size:
            middle = (number + 0.5) * end / slices
            for name, value in zip(ranks, (*np.percentile(inside, [50, 95]), inside.max()), strict=True):
                ranks[name].append((middle, float(value)))
    lines = [Series(name, mark, tuple(ranks[name])) for name, mark in zip(ranks, "abc", strict=True)]
    yield "<h2>Latency over time</h2>" + curve(lines, x="s", y="ms", until=end)
    counts = np.bincount(places, minlength=slices) / (end / slices)
    failed = np.asarray(record.failed_at)
    wrong = np.bincount(np.clip(failed / end * slices, 0, slices - 1).astype(int), minlength=slices)
    middles = [(number + 0.5) * end / slices for number in range(slices)]
    speed = Series("answers/s", "a", tuple(zip(middles, map(float, counts), strict=True)))
    faults = Series("errors/s", "c", tuple(zip(middles, map(float, wrong / (end / slices)), strict=True)))
    yield "<h2>Messages per second</h2>" + curve([speed, faults], x="s", y="1/s", until=end)
    # The last thousandth would make one bar of all the rest.
    most = max(float(np.percentile(latency, 99.9)), 1e-3)
    heights, edges = np.histogram(np.minimum(latency, most), bins=_BINS, range=(0, most))
    shares = np.cumsum(heights) / latency.size
    yield "<h2>How long answers took</h2>" + bars(
        [int(one) for one in heights], [float(one) for one in edges], [float(one) for one in shares], x="ms"
    )


def _times(report: Report) -> str:
    names = ("average", "median", "p90", "p95", "p99", "min", "max")
    rows = [("to the whole answer", report.latency_ms), ("to the first words", report.first_token_ms)]
    lines = [[title, *(f"{values[name]:,.1f}" for name in names)] for title, values in rows if values]
    return _table(["", *names], lines) if lines else "<p>Nothing was answered.</p>"


def _errors(report: Report) -> str:
    if not report.errors_by_kind:
        return "<p>None.</p>"
    rows = [[kind, f"{number:,}", report.error_samples.get(kind, "")] for kind, number in report.errors_by_kind.items()]
    return _table(["kind", "count", "one of them"], rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
