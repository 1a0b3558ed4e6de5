"""How columns are called, in English, German, French, Spanish and Italian: a table, one row a role.

Names are compared after ``normalise``: lower case, no accents, words joined by underscores. ``exact`` patterns
match the whole name, ``word`` patterns one word of it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class NamePattern:
    """Names that speak for a role: certainly (``exact``) or perhaps (``word``)."""

    role: str
    exact: str
    word: str = ""


_ID_END = "id|nr|no|num|number|nummer|key|uuid|guid|ref|numero|code"
_PERSON = (
    "customer|cust|client|klient|klant|kund|asiakas|ugyfel|zakaznik|pelatis|user|person|policyholder|cardholder|subject|patient|applicant|member|account|borrower|employee|kunde|kunden|nutzer|"
    "benutzer|antragsteller|patienten|mitarbeiter|cliente|usuario|utente|utilisateur|paziente|paciente|demandeur"
)
_CASE = (
    "request|decision|prediction|application|event|row|record|quote|transaction|case|loan|order|inference|log|"
    "trace|correlation|offer|claim|ticket|session|antrag|antrags|vorgang|vorgangs|anfrage|fall|angebot|angebots|"
    "demande|dossier|solicitud|pedido|caso|richiesta|pratica"
)

PATTERNS = (
    NamePattern(
        "trained_at",
        r"(model_)?train(ed|ing)?_(at|on|date|time|ts|timestamp)|(date|time)_trained|model_(date|built_at|build_date)|trainiert_am|"
        r"trainingsdatum|training_datum|date_(d_)?entrainement|entraine_le|fecha_(de_)?entrenamiento|data_(di_)?addestramento",
        "trained|trainiert|entrainement|entrenamiento|addestramento",
    ),
    NamePattern(
        "label_time",
        r"(label|labell?ed|outcome|truth|ground_truth|target|actual|feedback|resolved|settled)_(at|on|time|date|ts|timestamp)|"
        r"ergebnis_?(datum|zeit|zeitpunkt|am)|date_(du_)?resultat|fecha_(de_)?resultado|data_(del_)?risultato",
    ),
    NamePattern(
        "timestamp",
        r"timestamp|time_?stamp|ts|date|datetime|date_time|time|when|at|(scored|predicted|decided|quoted|requested|created|logged|"
        r"served|inferred|processed|offered|event|request|decision|prediction|inference|scoring|log|creation)_(at|on|time|date|ts|"
        r"timestamp|datetime)|quoted|scored|zeitpunkt|zeit|datum|zeitstempel|uhrzeit|erstellt_am|entscheidungs(datum|zeitpunkt)|"
        r"horodatage|date_heure|date_(de_)?(decision|demande|creation)|fecha|fecha_hora|fecha_(de_)?(decision|creacion)|data|"
        r"data_ora|data_(di_)?(decisione|creazione)",
        "timestamp|datetime|zeitpunkt|zeitstempel|horodatage|fecha|datum|date|time|scored|predicted|quoted",
    ),
    NamePattern(
        "subject",
        rf"({_PERSON})_({_ID_END})|({_ID_END})_(de_|del_|di_|du_|do_|da_)?({_PERSON})|({_PERSON})s?(id|nr|no|nummer|number|code)|subject|ssn|"
        r"kd_?nr|kundennr|codcliente|idcliente|nrclient|nr_klienta|cislo_zakaznika|asiakasnumero|kundnummer|kundenummer|klantnummer",
    ),
    NamePattern(
        "decision_id",
        rf"id|uuid|guid|({_CASE})_({_ID_END})|({_CASE})s?(id|nr|nummer|number)|({_ID_END})_({_CASE})|aktenzeichen|({_ID_END})",
        "id|uuid|guid|nr|nummer",
    ),
    NamePattern(
        "version",
        r"(model|modell|modele|modelo|modello)_?(version|ver|versione|release|tag|name|id)|version|versione|ver|modellversion|"
        r"version_(du_|del_|der_)?(model|modele|modelo|modello|modell)|release|model|modell|modele|modelo|modello",
        "version|modellversion|versione|release|revision|ver|versie|wersja|verze|verzia|verzija|versiune|versao|modelversion",
    ),
    NamePattern(
        "arm",
        r"arm|variant|variante|experiment|experiment_(group|arm|variant)|treatment|ab_(group|test|variant)|test_group|gruppe_ab|"
        r"bucket|deployment|role_of_model",
    ),
    NamePattern(
        "override",
        r"override|overridden|overruled|human_(decision|review|label|override|outcome)|manual_(decision|review|override)|"
        r"final_decision|reviewer_decision|uebersteuert|ubersteuert|uebersteuerung|endentscheidung|manuelle_entscheidung|"
        r"decision_(finale|humaine)|decision_(final|humana)|decisione_(finale|umana)",
    ),
    NamePattern(
        "score",
        r"score|scores|y_?(pred_)?(proba|prob|score|scores)|proba|prob|probability|p|p_?hat|pd|prediction_(score|proba|prob|probability)|"
        r"predicted_(prob|proba|probability|score)|model_score|likelihood|propensity|wahrscheinlichkeit|score_wert|scorewert|"
        r"probabilite|probabilidad|probabilita|puntuacion|punteggio|risk_score|confidence",
        "prob|proba|probability|score|likelihood|propensity|wahrscheinlichkeit|probabilite|probabilidad|probabilita",
    ),
    NamePattern(
        "prediction",
        r"y_?(pred|hat)|pred|preds|prediction|predictions|predicted|predicted_(label|class|value|outcome|price|y)|"
        r"prediction_(label|class|value)|forecast|forecasts|decision|decisions|model_(output|decision|prediction)|output|estimate|"
        r"offer|offer_.+|offered_.+|recommendation|action|action_taken|entscheidung|prognose|vorhersage|schaetzung|"
        r"schatzung|angebot|angebots?preis|empfehlung|prevision|estimation|prediccion|pronostico|decisione|previsione|predizione|stima",
        "pred|prediction|predicted|estimated|forecast|prognose|vorhersage|entscheidung|prediccion|previsione|predizione|yhat",
    ),
    NamePattern(
        "label",
        r"label|labels|target|targets|y|y_?(true|actual|real)|truth|ground_truth|actual|actuals|actual_.+|outcome|outcomes|"
        r"true_(label|class|value|y|price)|observed|observed_.+|real|realised|realized|realised_.+|realized_.+|response|class|result|"
        r"repaid|defaulted|churned|churn|exited|attrition|converted|is_fraud|sold|sold_(for|at|price).*|sale_price|selling_price|final_price|paid_price|"
        r"ergebnis|tatsaechlich|tatsachlich|wahrheit|ist_wert|istwert|zielwert|verkaufspreis|resultat|reel|verite|etiquette|cible|"
        r"resultado|verdadero|etiqueta|objetivo|risultato|esito|etichetta|vero|obiettivo",
        "label|target|truth|actual|outcome|ergebnis|resultat|resultado|risultato|esito|true",
    ),
    NamePattern(
        "protected",
        r"sex|gender|sexe|sexo|sesso|genre|genero|genere|geschlecht|race|ethnicity|ethnic_group|ethnie|etnia|herkunft|origin|"
        r"nationality|nationalitaet|nationalitat|nationalite|nacionalidad|nazionalita|religion|religione|disability|disabled|"
        r"behinderung|handicap|discapacidad|disabilita|sexual_orientation|age_(group|band|bracket)|altersgruppe|tranche_age|"
        r"native_country|country_of_birth|geburtsland",
        "sex|gender|geschlecht|race|ethnicity|ethnic|religion|disability|nationality|herkunft|sexe|sexo|sesso",
    ),
    NamePattern("segment", r"segment|segment_.+|customer_segment|kundensegment"),
)  # fmt: skip

#: names of numbers that tell a person's age, and of dates that are a person's and no time of decision
AGE = re.compile(
    r"((customer|client|applicant|person|borrower|user|patient)_)?(age|alter|edad|eta|lebensalter)(_(in_)?(years|jahren?))?"
)
BIRTH = re.compile(r"birth|dob|geburt|naissance|nacimiento|nascita")
PROBABILITY = re.compile(
    r"(?:y_?)?(?:pred(?:icted)?_)?(?:proba?|probability|p|wahrscheinlichkeit|probabilite|probabilidad|probabilita)_(?P<name>.+)"
    r"|(?P<name2>.+)_(?:proba?|probability)"
)
ATTRIBUTION = re.compile(
    r"(?:shap|lime|attr|attribution|contrib|contribution|phi|shap_value|shap_values|importance)_(?P<name>.+)"
    r"|(?P<name2>.+)_(?:shap|lime|attribution|contribution|shap_value)"
)
#: how many decisions a row of a sampled log stands for; a weight alone may be a person's or a parcel's
WEIGHT = re.compile(
    r"(sampl(e|ing)|survey|case|row|instance|observation|importance|down_?sampl(e|ing)|inverse_(probability|sampling))_weights?|"
    r"ipw|iptw|(sampling|expansion|extrapolation|weighting)_factor|hochrechnungsfaktor|stichprobengewicht|gewichtungsfaktor|"
    r"facteur_(d_)?expansion|factor_(de_)?expansion|peso_(de_)?(muestra|campione)|poids_(de_)?sondage"
)
#: who sent the request: a part of the product, another company's system, a key by its name
CALLER = re.compile(
    r"(api_)?(caller|requester|aufrufer|appelant)(_(id|name|key))?|(called|requested)_by|calling_(app|application|service|system)|"
    r"api_(client|consumer|key|user)(_(id|name))?|client_app(lication)?(_(id|name))?|service_account"
)
#: where attributions start from
BASE = re.compile(
    r"(shap_|lime_|attribution_)?(base|expected|mean)_?(value|values|score|margin|output)|base|bias|intercept"
)
#: classes that are the positive one where there is no score to tell
POSITIVE = frozenset(
    (
        "1",
        "true",
        "yes",
        "y",
        "ja",
        "oui",
        "si",
        "vero",
        "positive",
        "pos",
        "up",
        "approved",
        "approve",
        "accept",
        "accepted",
        "bewilligt",
        "genehmigt",
        "angenommen",
        "accorde",
        "aprobado",
        "approvato",
        "default",
        "fraud",
        "t",
        "j",
        "o",
        "wahr",
        "vrai",
        "verdadero",
        "positiv",
        "positif",
        "positivo",
        "approuve",
        "accepte",
        "acceptee",
        "aceptado",
        "accettato",
        "betrug",
        "fraude",
        "frode",
        "ausfall",
        "churn",
        "good",
        "bad",
        "buy",
        "click",
        "converted",
    )
)
ARMS = frozenset(("champion", "challenger", "shadow", "control", "treatment", "canary", "a", "b"))


@lru_cache(10_000)
def normalise(name: str) -> str:
    """``Antrag-Nr`` -> ``antrag_nr``, ``predictedAt`` -> ``predicted_at``, ``Probabilité`` -> ``probabilite``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    plain = unicodedata.normalize("NFKD", split).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


@lru_cache(10_000)
def name_strength(name: str) -> dict[str, float]:
    """Role -> how strongly the name speaks for it: 1 the whole name, 0.5 one word of it."""
    plain = normalise(name)
    words = plain.split("_")
    strengths: dict[str, float] = {}
    for pattern in PATTERNS:
        if re.fullmatch(pattern.exact, plain):
            strengths[pattern.role] = 1.0
        elif pattern.word and any(re.fullmatch(pattern.word, word) for word in words):
            strengths[pattern.role] = 0.5
    return strengths
