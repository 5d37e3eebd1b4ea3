"""Speech, by the settings."""

from folkmoot.assembly.settings import Settings
from folkmoot.models.speech import SpeechDesk, SpeechSettings


def speech_desk(settings: Settings) -> SpeechDesk:
    """What is set for voice goes before what is set for OpenAI. A key is sent to the server that it was set for."""
    own, openai = settings.voice_api_key, settings.openai_api_key
    key = own or (openai if settings.voice_base_url in (None, settings.openai_base_url) else None)
    return SpeechDesk(
        SpeechSettings(
            base_url=settings.voice_base_url or (None if own else settings.openai_base_url),
            api_key=key.get_secret_value() if key else None,
            transcribe_model=settings.voice_transcribe_model,
            speak_model=settings.voice_speak_model,
            voice=settings.voice_name,
        )
    )
