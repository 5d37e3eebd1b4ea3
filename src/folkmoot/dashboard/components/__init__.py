"""What pages are made of. Texts that people wrote go in as text nodes or attributes, never as markup."""
