"""What can go wrong when abilities are estimated."""

from folkmoot.kernel import Family, FolkmootError


class SkillsError(FolkmootError):
    """The family of this room."""

    code = "skills"
    family = Family.INVALID


class InvalidEvidenceError(SkillsError):
    """A text that cannot be learned from as it stands; nothing of its batch was taken."""

    code = "skills.invalid_evidence"


class EmptyHistoryError(SkillsError):
    """A history without a single piece of work by a known person has nothing to learn from."""

    code = "skills.empty_history"
