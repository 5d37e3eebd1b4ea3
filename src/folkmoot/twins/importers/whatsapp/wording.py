"""The phrases that WhatsApp puts in place of what an export leaves out, in the languages where they are known.

All are compared case-folded, without marks of direction and without a full stop at the end. Languages that are
missing here are still read: what differs is only that a placeholder then counts as a text.
"""

from folkmoot.twins.importers.record import Kind

_OMITTED = """<media omitted> <medien ausgeschlossen> <medien weggelassen> <multimedia omitido> <archivo omitido>
    <mídia oculta> <mídia omitida> <arquivo de mídia oculto> <multimédia omitido> <multimédia omitida>
    <ficheiro não revelado> <médias omis> <fichier omis> <media omessi> <media omesso> <media weggelaten>
    <medya dahil edilmedi> <без медиафайлов> <média vynechány> <média vynechána> <pominięto multimedia>
    <media tidak disertakan> <mediefil udeladt> <mediefil utelatt> <media utesluten>"""
_IOS_OMITTED = {
    "{} omitted": "image video audio sticker gif document media|file voice|message video|note",
    "{} weggelassen": "bild video audio sticker gif dokument",
    "{} omitida": "imagen nota|de|vídeo imagem mídia figurinha",
    "{} omitido": "video vídeo audio áudio sticker gif documento",
    "{} ocultada": "imagem figurinha",
    "{} ocultado": "vídeo áudio gif documento sticker",
    "{} não revelada": "imagem gif",
    "{} não revelado": "vídeo áudio documento sticker",
    "{} absente": "image vidéo",
    "{} absent": "audio document sticker",
    "{} omis": "audio sticker gif document",
    "{} omise": "image vidéo",
    "{} retiré": "gif sticker",
    "{} omessa": "immagine",
    "{} omesso": "video audio sticker documento",
    "{} esclusa": "gif",
    "{} non incluso": "video audio sticker documento",
    "{} weggelaten": "afbeelding video audio sticker gif document",
    "{} dahil edilmedi": "görüntü video ses gif çıkartma sticker belge",
    "{} отсутствует": "изображение видео аудио gif",
    "{} vynechán": "obrázek gif dokument",
    "{} vynecháno": "video audio",
}
_CONTACTS = """contact|card|omitted kontaktkarte|ausgelassen kontaktkarte|weggelassen tarjeta|de|contacto|omitida
    cartão|do|contato|omitido cartão|de|contato|omitido fiche|contact|absente fiche|contact|omise
    scheda|contatto|omessa contactkaart|weggelaten"""
_DELETED = """this message was deleted|you deleted this message|message deleted|diese nachricht wurde gelöscht
    |du hast diese nachricht gelöscht|se eliminó este mensaje|eliminaste este mensaje|este mensaje fue eliminado
    |mensagem apagada|esta mensagem foi apagada|você apagou esta mensagem|apagou esta mensagem|eliminou esta mensagem
    |esta mensagem foi eliminada|ce message a été supprimé|vous avez supprimé ce message
    |questo messaggio è stato eliminato|hai eliminato questo messaggio|dit bericht is verwijderd
    |je hebt dit bericht verwijderd|u hebt dit bericht verwijderd|bu mesaj silindi|bu mesajı sildiniz
    |данное сообщение удалено|вы удалили данное сообщение|this message was deleted by admin
    |this message was deleted by an admin"""
_CALLS = """missed voice call|missed video call|missed group voice call|missed group video call
    |verpasster sprachanruf|verpasster videoanruf|verpasster gruppenanruf|llamada de voz perdida
    |videollamada perdida|chamada de voz perdida|chamada de vídeo perdida|ligação de voz perdida
    |ligação de vídeo perdida|appel vocal manqué|appel vidéo manqué|chiamata vocale persa|videochiamata persa
    |gemiste spraakoproep|gemiste video-oproep|gemist videogesprek
    |пропущенный аудиозвонок|пропущенный видеозвонок|cevapsız sesli arama|cevapsız görüntülü arama"""
_MARKED_CALLS = """missed call|llamada perdida|chiamata persa|gemiste oproep|voice call|video call
    |group voice call|group video call|silenced voice call|silenced video call
    |sprachanruf|videoanruf|llamada de voz|videollamada|chamada de voz|chamada de vídeo|ligação de voz
    |ligação de vídeo|appel vocal|appel vidéo|chiamata vocale|videochiamata|spraakoproep|videogesprek"""
_PLACES = """location|standort|ubicación|localização|localisation|position|posizione|locatie|poloha|konum
    |местоположение"""
_LIVE_PLACES = """live location shared|live-standort wird geteilt|live-standort geteilt
    |ubicación en tiempo real compartida|localização em tempo real compartilhada
    |localização em tempo real partilhada|localisation en direct partagée|posizione in tempo reale condivisa
    |live locatie gedeeld|live-locatie gedeeld"""
_EDITED = """this message was edited|diese nachricht wurde bearbeitet|nachricht bearbeitet|se editó este mensaje
    |mensaje editado|mensagem editada|esta mensagem foi editada|ce message a été modifié|message modifié
    |questo messaggio è stato modificato|messaggio modificato|dit bericht is bewerkt|bewerkt|bu mesaj düzenlendi
    |bericht bewerkt|данное сообщение изменено|message edited"""
_ATTACHED = """file attached|datei angehängt|archivo adjunto|arquivo anexado|ficheiro anexado|fichier joint
    |file allegato|bestand bijgevoegd|dosya ekli|файл добавлен|soubor byl přiložen"""
_ATTACHED_IOS = """attached|anhang|angehängt|adjunto|anexado|pièce jointe|allegato|bijgevoegd|eklendi|прикреплено"""


def _phrases(table: str) -> frozenset[str]:
    return frozenset(" ".join(one.split()) for one in table.split("|"))


def _omitted() -> dict[str, tuple[Kind, str]]:
    """Each placeholder, with what it stands for."""
    table: dict[str, tuple[Kind, str]] = {}
    for bracketed in " ".join(_OMITTED.split()).replace("> <", ">|<").split("|"):
        table[bracketed] = (Kind.MEDIA, "media")
    for phrase, nouns in _IOS_OMITTED.items():
        for noun in nouns.split():
            words = noun.replace("|", " ")
            table[phrase.format(words)] = (Kind.MEDIA, words)
    for contact in _CONTACTS.split():
        table[contact.replace("|", " ")] = (Kind.CONTACT, "contact")
    for deleted in _phrases(_DELETED):
        table[deleted] = (Kind.DELETED, "")
    for call in _phrases(_CALLS):
        table[call] = (Kind.CALL, "")
    for place in _phrases(_LIVE_PLACES):
        table[place] = (Kind.LOCATION, "")
    table["null"] = (Kind.MEDIA, "expired")
    return table


WHOLE_TEXTS = _omitted()
"""Texts that are nothing but a placeholder: kind and what was left out."""
CALLS = tuple(sorted(_phrases(_CALLS), key=len, reverse=True))
MARKED_CALLS = tuple(sorted(_phrases(_MARKED_CALLS), key=len, reverse=True))
"""Words for a call that people also write themselves: trusted only behind an invisible mark."""
PLACES = _phrases(_PLACES)
EDITED = _phrases(_EDITED)
ATTACHED = _phrases(_ATTACHED)
ATTACHED_IOS = _phrases(_ATTACHED_IOS)
SOMETHING_OMITTED = ("omitted", "ausgeschlossen", "weggelassen", "omitido", "omitida", "oculta", "omis", "omise",
                     "omessi", "omesso", "weggelaten", "dahil edilmedi")  # fmt: skip
"""Last words of bracketed placeholders such as `<View once voice message omitted>`."""
ONCE = "view once "
"""How iOS begins what stands for something that could be looked at once, such as `View once photo omitted`."""
EVENT_VERBS = (
    " created group", " created this group", " created the group", " created community", " changed the ",
    " changed this ", " changed their ", " changed to ", " added ", " removed ", " joined using", " joined from",
    " pinned a message", " turned on ", " turned off ", " updated the ",
    " deleted this group",
    " hat die gruppe", " hat das gruppen", " hat den gruppen", " hat den betreff", " hat die beschreibung",
    " hinzugefügt", " creó el grupo", " cambió ", " añadió ", " eliminó a ", " criou o grupo", " criou este grupo",
    " mudou ", " alterou ", " adicionou ", " removeu ", " a créé ", " a changé ", " a modifié ", " a remplacé ",
    " a ajouté ", " a retiré ", " ha creato ", " ha cambiato ", " ha modificato ", " ha aggiunto ", " ha rimosso ",
    " heeft de groep", " heeft het ", " heeft de ", " wijzigde ", " heeft ", " toegevoegd",
)  # fmt: skip
"""What an Android event says before its first `: `, when that belongs to a title or description in it."""
NOTICES = (
    "messages and calls are end-to-end encrypted",
    "messages to this chat and calls are", "messages to this group are",
    "your security code with", "nachrichten und anrufe sind ende-zu-ende", "los mensajes y las llamadas están cifrados",
    "as mensagens e as chamadas", "as mensagens e ligações", "as mensagens e chamadas",
    "les messages et les appels sont chiffrés", "i messaggi e le chiamate sono crittografati",
    "berichten en oproepen zijn end-to-end", "berichten en gesprekken zijn end-to-end",
    "mesajlar ve aramalar uçtan uca",
    "сообщения и звонки защищены", "waiting for this message. this may take a while",
)  # fmt: skip
"""Beginnings of notices of the platform itself, under whatever name they stand."""
