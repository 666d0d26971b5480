"""Russian, Arabic and Urdu as people write them with a Latin keyboard.

For training copies only: the result is one plausible spelling, not a transliteration standard. Arabic and Urdu do not
write short vowels, so common words come from a table and the rest gets a guessed vowel between consonants.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import NamedTuple

_CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e|yo|io", "ж": "zh|j|g", "з": "z", "и": "i",
    "й": "y|i|j", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "h|kh|x", "ц": "ts|c", "ч": "ch|4", "ш": "sh|6|w", "щ": "sch|sh", "ъ": "", "ы": "y|i", "ь": "|'|",
    "э": "e", "ю": "yu|ju|u", "я": "ya|ja|ia", "і": "i", "ї": "yi|i", "є": "ye|e", "ґ": "g",
}  # fmt: skip
_ARABIC = {
    "ا": "a", "أ": "a|2a", "إ": "e|i", "آ": "a|aa", "ب": "b", "ت": "t", "ث": "th|s", "ج": "j|g", "ح": "7|h", "خ": "kh|5",
    "د": "d", "ذ": "z|th", "ر": "r", "ز": "z", "س": "s", "ش": "sh|ch", "ص": "s|9", "ض": "d", "ط": "t|6", "ظ": "z",
    "ع": "3|a", "غ": "gh|8", "ف": "f", "ق": "q|2|k", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "و": "o|w|ou",
    "ي": "i|y", "ى": "a", "ة": "a|e|h", "ء": "2|", "ئ": "2|e", "ؤ": "o|2", "؟": "?", "،": ",", "٪": "%",
}  # fmt: skip
_URDU = {
    "ا": "a", "آ": "aa|a", "ب": "b", "پ": "p", "ت": "t", "ٹ": "t", "ث": "s", "ج": "j", "چ": "ch", "ح": "h", "خ": "kh",
    "د": "d", "ڈ": "d", "ذ": "z", "ر": "r", "ڑ": "r", "ز": "z", "ژ": "zh", "س": "s", "ش": "sh", "ص": "s", "ض": "z",
    "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f", "ق": "q|k", "ک": "k", "گ": "g", "ل": "l", "م": "m", "ن": "n",
    "ں": "n", "و": "o|w|u", "ہ": "h|a", "ھ": "h", "ء": "", "ئ": "i|y", "ی": "i|y|ee", "ے": "e|ay|y", "ۓ": "ay", "؟": "?",
    "،": ",", "۔": ".", "ؤ": "o", "ة": "a", "ي": "i", "ك": "k", "ه": "h",
}  # fmt: skip
_ARABIC_WORDS = {
    "انا": "ana", "أنا": "ana", "انت": "enta|inta", "في": "fi|fe", "من": "men|min", "على": "3ala|ala", "الى": "ela|ila",
    "إلى": "ela|ila", "ما": "ma", "مش": "mesh|msh|mish", "شو": "shu|sho|chou", "ايش": "esh|eish", "هل": "hal", "كيف": "keef|kif",
    "متى": "mata|emta", "وين": "wen|wein", "فين": "fen|fein", "اين": "wen|ayna", "زوجتي": "zawjti|zogti|marati",
    "زوجي": "zawji|gozi|jozi", "ابني": "ebni|ibni", "بنتي": "benti|binti", "امي": "omi|ommi", "أمي": "omi|ommi", "ابي": "abi|baba",
    "اختي": "o5ti|okhti|ekhti", "أختي": "o5ti|okhti", "اخي": "akhi|a5i", "أخي": "akhi|a5i", "اطفالي": "atfali", "أطفالي": "atfali",
    "اولادي": "awladi|wladi", "أولادي": "awladi|wladi", "عائلتي": "3ayelti|3a2ilti|ayla", "التذكرة": "el tazkara|ticket",
    "الفيزا": "el visa|visa", "السفر": "el safar|safar", "جواز": "jawaz|gawaz", "مجاني": "majani|magani", "فلوس": "flous|floos|flus",
    "شكرا": "shukran|chokran", "مرحبا": "mar7aba|marhaba", "السلام": "salam|el salam", "عليكم": "3alaykom|alaikum", "لا": "la",
    "نعم": "na3am|naam", "اريد": "oreed|ureed", "أريد": "oreed|ureed", "عايز": "3ayez|ayez", "عايزة": "3ayza|ayza", "بدي": "bedi|baddi",
    "مساعدة": "mosa3da|msa3de", "هو": "howa|hwe", "هي": "hiya|hye", "هذا": "hatha|hada", "هذه": "hathi|hadi", "يا": "ya",
    "الله": "allah", "كم": "kam", "كان": "kan", "مع": "ma3|maa", "عن": "3an|an", "عندي": "3andi|andi", "لكن": "laken|bas", "بس": "bas|bs",
    "ممكن": "momken|mumkin", "لو": "law|lw", "سمحت": "sama7t|samaht", "هنا": "hena|hona|hon", "يعني": "ya3ni|yani", "امريكا": "amrika|america",
}  # fmt: skip
_URDU_WORDS = {
    "میں": "mein|main|me", "ہے": "hai|he|h", "ہیں": "hain|hen", "کیا": "kya|kia", "کا": "ka", "کی": "ki", "کے": "ke|kay|k",
    "کو": "ko", "سے": "se|say", "نہیں": "nahi|nhi|nahin", "اور": "aur|or", "یہ": "ye|yeh", "وہ": "wo|woh", "ہم": "hum|ham",
    "مجھے": "mujhe|mjhe|mujhay", "میرا": "mera", "میری": "meri", "میرے": "mere|meray", "آپ": "ap|aap", "کب": "kab", "کہاں": "kahan|kahaan",
    "کیسے": "kaise|kese", "کتنا": "kitna", "کتنے": "kitne|kitnay", "بچے": "bachay|bache", "بچہ": "bacha", "بیوی": "biwi|bivi|wife",
    "شوہر": "shohar|husband", "بہن": "behn|behan", "بھائی": "bhai", "ماں": "maa|ma", "والدہ": "walda|ami", "والد": "walid|abu",
    "ویزا": "visa", "ویزے": "visay|visa", "ٹکٹ": "ticket", "امریکہ": "america|amrika", "مدد": "madad|help", "خاندان": "khandan|family",
    "سلام": "salam", "شکریہ": "shukria|shukriya", "گھر": "ghar", "پیسے": "paise|paisay", "جہاز": "jahaz", "فلائٹ": "flight",
    "پاسپورٹ": "passport", "ہو": "ho", "گا": "ga", "گی": "gi", "گے": "ge|gay", "کر": "kar|kr", "کرنا": "karna|krna", "کریں": "karen|krein",
    "سکتا": "sakta|skta", "سکتی": "sakti|skti", "سکتے": "sakte|sktay", "رہا": "raha|rha", "رہی": "rahi|rhi", "رہے": "rahe|rhay",
    "بہت": "bohat|bht|bahut", "لیے": "liye|liay", "لئے": "liye|liay", "پر": "par|pe", "بھی": "bhi", "تو": "to|tu", "ہی": "hi",
    "جی": "ji|jee", "ایک": "aik|ek", "کوئی": "koi", "کچھ": "kuch|kuchh", "تک": "tak", "ساتھ": "sath|saath", "اپنے": "apne|apnay",
    "اپنی": "apni", "اپنا": "apna", "بیٹا": "beta", "بیٹی": "beti", "بیٹے": "betay|bete", "درخواست": "darkhwast|application",
}  # fmt: skip


class _Script(NamedTuple):
    letters: Mapping[str, str]
    words: Mapping[str, str]
    vowels: str


_SCRIPTS = {
    "ru": _Script(_CYRILLIC, {}, ""),
    "ar": _Script(_ARABIC, _ARABIC_WORDS, "aei"),
    "ur": _Script(_URDU, _URDU_WORDS, "aaiu"),
}
_ARABIC_ARTICLE = re.compile("^(ب|و|ل|ف)?ال(?=..)")
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz3579]{2}")


def romanise(text: str, language: str, chance: random.Random) -> str:
    """The text in Latin letters, in one writer's habits drawn from `chance`; unchanged for other languages."""
    script = _SCRIPTS.get(language)
    if script is None:
        return text
    habits = {letter: chance.choice(spellings.split("|")) for letter, spellings in script.letters.items()}
    return " ".join(_word(word, language, script, habits, chance) for word in text.lower().split())


def _word(word: str, language: str, script: _Script, habits: Mapping[str, str], chance: random.Random) -> str:
    core = word.strip("؟?،,.!۔")
    if core in script.words:
        return word.replace(core, chance.choice(script.words[core].split("|")))
    article = ""
    if language == "ar":
        found = _ARABIC_ARTICLE.match(word)
        if found:
            article = ("".join(habits[letter] for letter in found[1]) if found[1] else "") + chance.choice(["el ", "al", "el"])
            word = word[found.end() :]
    latin = "".join(habits.get(letter, letter) for letter in word)
    return article + (_with_vowels(latin, script.vowels, chance) if script.vowels else latin)


def _with_vowels(latin: str, vowels: str, chance: random.Random) -> str:
    """A guessed vowel inside each pair of consonants, in two cases of three."""
    digraphs = {"sh", "kh", "th", "gh", "ch", "zh"}
    result = ""
    for index, letter in enumerate(latin):
        pair = latin[index - 1 : index + 1]
        if len(pair) == 2 and _CONSONANTS.fullmatch(pair) and pair not in digraphs and chance.random() < 0.66:
            result += chance.choice(vowels)
        result += letter
    return result
