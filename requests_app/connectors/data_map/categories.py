"""The data categories of Fides in words that a person understands; the longest that fits speaks."""

from collections.abc import Iterable

from requests_app.rules.policy import Text

WORDS = {
    "system": Text("Technical data", "Dati tecnici"),
    "user": Text("Personal data", "Dati personali"),
    "user.account": Text("Account", "Account"),
    "user.authorizations": Text("Permissions", "Autorizzazioni"),
    "user.behavior": Text("Use of the service", "Uso del servizio"),
    "user.biometric": Text("Biometric data", "Dati biometrici"),
    "user.childrens": Text("Data of a child", "Dati di un minore"),
    "user.contact": Text("Contact data", "Dati di contatto"),
    "user.contact.address": Text("Postal address", "Indirizzo postale"),
    "user.contact.email": Text("E-mail address", "Indirizzo e-mail"),
    "user.contact.phone_number": Text("Phone number", "Numero di telefono"),
    "user.content": Text("Content", "Contenuti"),
    "user.criminal_history": Text("Criminal record", "Precedenti penali"),
    "user.demographic": Text("Demographic data", "Dati demografici"),
    "user.device": Text("Device", "Dispositivo"),
    "user.financial": Text("Payment data", "Dati di pagamento"),
    "user.government_id": Text("Official identifier", "Identificativo ufficiale"),
    "user.health_and_medical": Text("Health data", "Dati sulla salute"),
    "user.location": Text("Location", "Posizione"),
    "user.name": Text("Name", "Nome"),
    "user.payment": Text("Payment data", "Dati di pagamento"),
    "user.privacy_preferences": Text("Privacy preferences", "Preferenze sulla privacy"),
    "user.sensor": Text("Sensor data", "Dati di sensori"),
    "user.telemetry": Text("Use of the service", "Uso del servizio"),
    "user.unique_id": Text("Identifier", "Identificativo"),
    "user.user_sensor": Text("Sensor data", "Dati di sensori"),
    "user.workplace": Text("Work", "Lavoro"),
}
# Of the taxonomy before 2022 what it says of a person beneath these.
_OLDER = (
    "user.provided.identifiable.",
    "user.provided.nonidentifiable.",
    "user.derived.identifiable.",
    "user.derived.nonidentifiable.",
)


def words_of(categories: Iterable[str]) -> Text | None:
    """Return the words of the first category that is about a person, else of the first; None without any."""
    listed = [_newer(one) for one in categories]
    about = sorted(listed, key=lambda one: not one.startswith("user"))
    for one in about:
        parts = one.split(".")
        for end in range(len(parts), 0, -1):
            if words := WORDS.get(".".join(parts[:end])):
                return words
    return Text(about[0], about[0]) if about else None


def is_contact(categories: Iterable[str]) -> bool:
    """Whether one of them is how a person is reached."""
    return any(f"{_newer(one)}.".startswith("user.contact.") for one in categories)


def _newer(category: str) -> str:
    for older in _OLDER:
        if category.startswith(older):
            return "user." + category.removeprefix(older)
    return category
