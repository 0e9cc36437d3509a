"""Names of families, parents and children, of many languages."""

import unicodedata
from random import Random

_FAMILY_NAMES = """
    Abebe Adeyemi Andersson Bakker Bărbulescu Bernard Bianchi Castañeda Chowdhury Çelik Côté Demir Diallo
    Dvořák Eriksen Fernández Fitzgerald Fröhlich García Goldberg Gómez González Gruber Haddad Håkansson
    Hansen Hernández Hoàng Horváth Ibrahim Ivanova Jansen Järvinen Jiménez Johnson Jørgensen Kaya Khan Kim
    Kovačević Kowalska Kumar Laurent Lefèvre Lewandowski Li López Løvås Máté Martínez Mbeki Mehta Mensah
    Miller Müller Muñoz Nakamura Nguyễn Novák Núñez O'Connor Okafor Olsson Ōno Özdemir Papadaki Park Patel
    Peña Petrović Popescu Quispe Ramírez Rossi Sánchez Santos Sato Schäfer Şahin Silva Singh Smith Sørensen
    Suárez Šimić Tamm Tanaka Thompson Török Trần Ünal Vásquez Virtanen Vu Wagner Walker Wang Weiß Wójcik
    Zhang Zieliński Žukauskas
"""
_GIVEN_NAMES = """
    Aaliyah Ada Adèle Agnieszka Ahmed Aiko Alejandro Álvaro Amadou Amélie Amir Anaïs Andrés Ángel Anna
    Antônio Åsa Aylin Beatriz Benjamin Björn Camila Carlos Chidi Chloé Clara Daniel Daria Diego Dmitri Ebba
    Elena Élise Emeka Emil Emma Esra Fatima Félix Finn François Frida Gabriel Giulia Grace Hana Hannah
    Haruto Hugo Inês Ingrid Isabella Jakub János Jasmine João Jonas José Joséphine Juan Julia Jūlija Kaia
    Karim Kateřina Kofi Lara Léa Leonardo Liam Lina Łukasz Luca Lucía Maël Magnus Maja María Mateo Maya
    Mehmet Mia Miguel Mila Mohammed Naomi Niamh Noah Noël Nora Nour Olga Oliver Oscar Öykü Pablo Paul Priya
    Rafael Raúl Renée Rosa Sakura Samuel Santiago Sara Sébastien Seán Selma Siobhán Sofía Søren Tariq Tessa
    Théo Thomas Tomás Tove Valentina Vera Víctor Yara Yuki Zahra Zeynep Zoë Zofia
"""
FAMILY_NAMES = tuple(_FAMILY_NAMES.split())
GIVEN_NAMES = tuple(_GIVEN_NAMES.split())
_DOUBLE_NAMES = 0.15


def family_name(random: Random) -> str:
    """A family's name; some have two."""
    name = random.choice(FAMILY_NAMES)
    if random.random() < _DOUBLE_NAMES:
        other = random.choice(FAMILY_NAMES)
        if other != name:
            return f"{name}-{other}"
    return name


def email(given: str, family_id: str) -> str:
    """An address in the domain that nobody has."""
    return f"{_EMAIL_NAMES[given]}.{family_id}@example.com"


def _letters(name: str) -> str:
    parted = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in parted if "a" <= letter <= "z") or "parent"


_EMAIL_NAMES = {name: _letters(name) for name in GIVEN_NAMES}
