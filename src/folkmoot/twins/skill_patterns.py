"""Words by which skills are known beforehand; the workplace's settings add to them or replace them.

A pattern is a regular expression, matched without regard to case between word borders.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from folkmoot.twins.errors import InvalidOptionError

DEFAULT_PATTERNS: Final[Mapping[str, Sequence[str]]] = {
    "accessibility": ("a11y", "accessibility", "screen ?readers?", "wcag", "aria"),
    "accounting": ("invoices?", "ledger", "bookkeeping", "vat", "tax(?:es)?", "balance sheet", "payroll"),
    "analytics": ("analytics", "dashboards?", "cohorts?", "funnels?", "kpis?", "metrics?"),
    "android": ("android", "kotlin", "gradle"),
    "api design": ("apis?", "rest(?:ful)?", "graphql", "endpoints?", "openapi", "webhooks?"),
    "authentication": ("auth", "oauth2?", "oidc", "sso", "login", "jwt", "sessions?"),
    "aws": ("aws", "s3", "ec2", "lambda", "cloudfront", "iam"),
    "ci": ("ci", "pipelines?", "github actions", "jenkins", "gitlab ci", "flaky"),
    "containers": ("docker(?:file)?", "containers?", "kubernetes", "k8s", "helm", "pods?"),
    "copywriting": ("copy(?:writing)?", "headlines?", "tagline", "newsletters?", "blog ?posts?"),
    "customer support": ("tickets?", "zendesk", "helpdesk", "escalations?", "customers?"),
    "data engineering": ("etl", "airflow", "dbt", "spark", "kafka", "warehouse", "parquet"),
    "databases": (
        "sql",
        "postgres(?:ql)?",
        "mysql",
        "sqlite",
        "index(?:es)?",
        "queries",
        "query",
        "schema",
        "migrations?",
    ),
    "deployment": ("deploy(?:s|ed|ing|ment|ments)?", "rollouts?", "rollback", "releases?", "canary"),
    "documentation": ("docs?", "documentation", "readme", "changelog", "tutorials?", "runbooks?"),
    "frontend": ("css", "html", "react", "vue", "svelte", "typescript", "javascript", "frontend"),
    "hiring": ("candidates?", "interviews?", "recruiting", "onboarding", "hiring"),
    "incident response": ("incidents?", "on-?call", "outages?", "postmortems?", "alerts?", "pager"),
    "ios": ("ios", "swift", "xcode", "testflight"),
    "legal": ("contracts?", "gdpr", "nda", "terms of service", "compliance", "licen[cs]es?"),
    "machine learning": (
        "machine learning",
        "pytorch",
        "tensorflow",
        "classifiers?",
        "embeddings?",
        "llms?",
        "training data",
    ),
    "marketing": ("campaigns?", "seo", "ads?", "landing pages?", "brand(?:ing)?", "conversion"),
    "monitoring": ("grafana", "prometheus", "monitoring", "traces?", "telemetry", "slos?"),
    "networking": ("dns", "tls", "load ?balancers?", "nginx", "firewalls?", "vpn"),
    "payments": ("payments?", "stripe", "checkout", "refunds?", "billing", "subscriptions?"),
    "performance": ("latency", "profil(?:er|ing)", "caches?", "caching", "throughput", "benchmarks?", "slow"),
    "planning": ("roadmap", "milestones?", "sprints?", "backlog", "deadlines?", "estimates?"),
    "product design": ("figma", "wireframes?", "mockups?", "prototypes?", "usability", "ux", "typography"),
    "python": ("python", "pytest", "django", "flask", "fastapi", "pandas", "numpy", "asyncio"),
    "research": ("user research", "interview(?:ed|s)?", "surveys?", "findings", "hypothes[ie]s"),
    "sales": ("leads?", "prospects?", "quotes?", "crm", "deals?", "pricing", "renewals?"),
    "security": ("security", "vulnerabilit(?:y|ies)", "cves?", "pentest", "secrets?", "encryption", "xss", "csrf"),
    "testing": ("tests?", "testing", "coverage", "regressions?", "qa", "fixtures?", "playwright", "selenium"),
}


class SkillPatterns:
    """Finds which skills a text speaks of, in one pass."""

    def __init__(self, patterns: Mapping[str, Sequence[str]] = DEFAULT_PATTERNS) -> None:
        self._names = sorted(patterns)
        groups = [
            f"(?P<s{number}>{'|'.join(patterns[name])})" for number, name in enumerate(self._names) if patterns[name]
        ]
        for name in self._names:
            for one in patterns[name]:
                _checked(name, one)
        self._pattern = re.compile(rf"\b(?:{'|'.join(groups)})\b", re.IGNORECASE) if groups else None

    def find(self, text: str) -> Iterator[str]:
        """The names of the skills in a text, each once."""
        if self._pattern is not None:
            groups = {match.lastgroup for match in self._pattern.finditer(text)}
            yield from sorted(self._names[int(group[1:])] for group in groups if group)


def _checked(name: str, pattern: str) -> None:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InvalidOptionError(
            f"the pattern {pattern!r} of the skill {name!r} is no regular expression: {error}", field="skill_patterns"
        ) from error
    if compiled.groups:
        raise InvalidOptionError(
            f"the pattern {pattern!r} of the skill {name!r} holds a group; write (?:...) instead of (...)",
            field="skill_patterns",
        )
