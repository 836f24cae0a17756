"""The 31 provinces of Iran and the area codes of their landlines."""

from __future__ import annotations

from typing import NamedTuple


class Province(NamedTuple):
    """A province in Persian and English, as the UI writes it."""

    fa: str
    en: str


PROVINCES: dict[str, Province] = {
    "011": Province("مازندران", "Mazandaran"),
    "013": Province("گیلان", "Gilan"),
    "017": Province("گلستان", "Golestan"),
    "021": Province("تهران", "Tehran"),
    "023": Province("سمنان", "Semnan"),
    "024": Province("زنجان", "Zanjan"),
    "025": Province("قم", "Qom"),
    "026": Province("البرز", "Alborz"),
    "028": Province("قزوین", "Qazvin"),
    "031": Province("اصفهان", "Isfahan"),
    "034": Province("کرمان", "Kerman"),
    "035": Province("یزد", "Yazd"),
    "038": Province("چهارمحال و بختیاری", "Chaharmahal and Bakhtiari"),
    "041": Province("آذربایجان شرقی", "East Azerbaijan"),
    "044": Province("آذربایجان غربی", "West Azerbaijan"),
    "045": Province("اردبیل", "Ardabil"),
    "051": Province("خراسان رضوی", "Razavi Khorasan"),
    "054": Province("سیستان و بلوچستان", "Sistan and Baluchestan"),
    "056": Province("خراسان جنوبی", "South Khorasan"),
    "058": Province("خراسان شمالی", "North Khorasan"),
    "061": Province("خوزستان", "Khuzestan"),
    "066": Province("لرستان", "Lorestan"),
    "071": Province("فارس", "Fars"),
    "074": Province("کهگیلویه و بویراحمد", "Kohgiluyeh and Boyer-Ahmad"),
    "076": Province("هرمزگان", "Hormozgan"),
    "077": Province("بوشهر", "Bushehr"),
    "081": Province("همدان", "Hamadan"),
    "083": Province("کرمانشاه", "Kermanshah"),
    "084": Province("ایلام", "Ilam"),
    "086": Province("مرکزی", "Markazi"),
    "087": Province("کردستان", "Kurdistan"),
}
"""Landline area code (as dialled, ``021``) to province; one code for each of the 31."""
