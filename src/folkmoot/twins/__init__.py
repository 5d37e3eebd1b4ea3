"""Digital twins: exports become messages under consent, messages become a profile and evidence, and all of it can be
forgotten.

`ImportExport` brings an export in, `TwinRoster` says who has a twin and what is known of each, `TwinLearning` keeps
profile and estimator equal to what people permit, `TwinEvidence` hands the estimator its texts, `TwinRecall` searches
a person's messages, and `Forgetting` removes a person with a receipt. Reading files of each platform: `importers`.
"""

from folkmoot.twins.evidence import TwinEvidence
from folkmoot.twins.forget import ForgetReceipt, Forgetting
from folkmoot.twins.import_export import ImportExport
from folkmoot.twins.learn import TwinLearning
from folkmoot.twins.model import ImportOptions, ImportResult, Twin
from folkmoot.twins.recall import TwinRecall
from folkmoot.twins.roster import TwinRoster

__all__ = [
    "ForgetReceipt",
    "Forgetting",
    "ImportExport",
    "ImportOptions",
    "ImportResult",
    "Twin",
    "TwinEvidence",
    "TwinLearning",
    "TwinRecall",
    "TwinRoster",
]
