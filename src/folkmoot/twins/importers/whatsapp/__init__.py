"""WhatsApp's text exports of every phone and language: `headers` reads a message's first line, `wording` knows the
platform's phrases, `classify` says what a message is, `survey` learns a file's habits in a first pass, `read` yields.
"""

from folkmoot.twins.importers.whatsapp.read import WhatsAppImporter

__all__ = ["WhatsAppImporter"]
