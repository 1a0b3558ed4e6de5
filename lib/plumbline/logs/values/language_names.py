"""What the languages are called in which a date may name its month: the official ones of the European Union."""

from __future__ import annotations

from plumbline.domain.messages import word

LANGUAGE_NAMES = {
    "bg": word("Bulgarian"),
    "cs": word("Czech"),
    "da": word("Danish"),
    "de": word("German"),
    "el": word("Greek"),
    "en": word("English"),
    "es": word("Spanish"),
    "et": word("Estonian"),
    "fi": word("Finnish"),
    "fr": word("French"),
    "ga": word("Irish"),
    "hr": word("Croatian"),
    "hu": word("Hungarian"),
    "it": word("Italian"),
    "lt": word("Lithuanian"),
    "lv": word("Latvian"),
    "mt": word("Maltese"),
    "nl": word("Dutch"),
    "pl": word("Polish"),
    "pt": word("Portuguese"),
    "ro": word("Romanian"),
    "sk": word("Slovak"),
    "sl": word("Slovenian"),
    "sv": word("Swedish"),
}
