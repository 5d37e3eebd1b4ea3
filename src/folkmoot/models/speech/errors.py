"""What can go wrong with speech."""

from typing import ClassVar

from folkmoot.kernel import Family, FolkmootError


class SpeechError(FolkmootError):
    """The family of faults of speech."""

    code: ClassVar[str] = "voice"
    family: ClassVar[Family] = Family.UNAVAILABLE


class SpeechNotConfiguredError(SpeechError):
    """There is no server for it, or no model was named."""

    code = "voice.not_configured"
    passing = False


class SpeechUnavailableError(SpeechError):
    """The server cannot be reached, or failed."""

    code = "voice.unavailable"


class SpeechLimitedError(SpeechError):
    """The server asks us to slow down."""

    code = "voice.limited"
    family = Family.LIMITED


class SpeechRefusedError(SpeechError):
    """The server takes neither our key nor our request; asking again would change nothing."""

    code = "voice.refused"
    passing = False


class UnfitAudioError(SpeechError):
    """This is no recording that can be transcribed."""

    code = "voice.unfit_audio"
    family = Family.INVALID


class AudioTooLargeError(SpeechError):
    """The recording is over the limit."""

    code = "voice.audio_too_large"
    family = Family.TOO_LARGE


class UnfitTextError(SpeechError):
    """This text cannot be spoken as it is."""

    code = "voice.unfit_text"
    family = Family.INVALID
