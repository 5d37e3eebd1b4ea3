"""The settings by subject; `folkmoot.assembly.settings` puts them together and reads them."""
