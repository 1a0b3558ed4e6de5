"""How columns of personal data are called in the official languages of the European Union: names, addresses, numbers.

Such a column is left out of a load unless a person gives it a role: a model's log needs nobody's name. Names are
compared after ``roles.normalise``: small letters, no accents; Bulgarian and Greek names in the usual Latin spelling.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from plumbline.domain.messages import word
from plumbline.logs.mapping.role_names import normalise

#: what it is -> names of columns, by language: bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv
_NAMES: dict[str, str] = {
    word("a person's surname"): (
        "surname last_name lastname family_name familyname familia prijmeni efternavn nachname familienname "
        "zuname eponymo epitheto apellido apellidos primer_apellido perekonnanimi sukunimi nom_de_famille "
        "nom_famille sloinne prezime vezeteknev csaladnev cognome pavarde uzvards kunjom achternaam "
        "familienaam nazwisko apelido sobrenome nume_de_familie priezvisko priimek efternamn maiden_name "
        "geburtsname"
    ),
    word("a person's first name"): (
        "first_name firstname given_name givenname forename middle_name sobstveno_ime krestni_jmeno fornavn "
        "vorname onoma mikro_onoma nombre_de_pila eesnimi etunimi prenom ceadainm keresztnev utonev "
        "nome_di_battesimo vardas vards isem voornaam imie nome_proprio prenume krstne_meno osebno_ime "
        "fornamn"
    ),
    word("a person's name"): (
        "full_name fullname person_name customer_name client_name applicant_name patient_name borrower_name "
        "employee_name cele_jmeno fulde_navn vollstaendiger_name kundenname onomateponymo nombre_completo "
        "nombre_y_apellidos taisnimi koko_nimi nom_complet nom_prenom ime_i_prezime ime_prezime teljes_nev "
        "nome_completo nome_cognome vardas_pavarde volledige_naam imie_i_nazwisko nume_complet cele_meno "
        "ime_in_priimek fullstandigt_namn"
    ),
    word("an e-mail address"): (
        "email e_mail email_address e_mail_adresse mail mail_address emailadresse correo correo_electronico "
        "courriel sahkoposti e_posta epost imejl"
    ),
    word("a telephone number"): (
        "phone phone_number telephone mobile mobile_number telefon telefonnummer handynummer mobilnummer "
        "telefono movil telefone puhelin puhelinnumero telephone_number numero_de_telephone telefoon "
        "telefoonnummer telefonszam telefonas"
    ),
    word("a postal address"): (
        "address street street_address adresse anschrift strasse direccion calle indirizzo via rue ulica "
        "adres endereco morada osoite katuosoite adress cim lakcim naslov adresa straat"
    ),
    word("a national number"): (
        "ssn social_security_number national_id passport passport_number steuer_id steuernummer "
        "sozialversicherungsnummer dni nie nif codice_fiscale pesel cnp bsn personnummer cpr cpr_nummer "
        "rodne_cislo oib egn amka henkilotunnus isikukood asmens_kodas personas_kods emso taj_szam "
        "numero_de_securite_sociale nir iban"
    ),
}  # fmt: skip
_BY_NAME: dict[str, str] = {name: what for what, names in _NAMES.items() for name in names.split()}
_PREFIX = re.compile(
    r"(customer|client|applicant|person|patient|borrower|employee|user|kunden?|antragsteller|cliente)_"
)


def halves(columns: Collection[str]) -> dict[str, str]:
    """Columns that are called ``first`` and ``last`` where both are there: the halves of a name."""
    plain = {normalise(column): column for column in columns}
    if "first" not in plain or "last" not in plain:
        return {}
    return {plain["first"]: word("a person's first name"), plain["last"]: word("a person's surname")}


def personal_data_by_name(column: str) -> str:
    """What personal data a column holds by its name, in words; empty where its name does not say so."""
    plain = normalise(column)
    return _BY_NAME.get(plain, "") or _BY_NAME.get(_PREFIX.sub("", plain, count=1), "")
