//! Sentences and clauses, and whether what they say may be meant.
//!
//! 1. The last clause of a question tells nothing, nor does a whole question that begins like one.
//! 2. After a word such as "if", "wish", "maybe" or "people think", the rest of the sentence tells nothing.
//! 3. A negation forbids the rest of its clause, "never" that of its sentence.
//! 4. A message that calls itself a joke tells nothing.
//! 5. A pattern that does not say who is meant needs the first person as the nearest one before it, or the beginning of a
//!    clause, or a clause that began so.

use std::ops::Range;

use super::words::{Kind, Word};

/// A part of a message between marks.
#[derive(Debug)]
struct Clause {
    words: Range<usize>,
    sentence: usize,
}

/// The structure of a message.
#[derive(Debug)]
pub(super) struct Clauses {
    clauses: Vec<Clause>,
    /// For each sentence its words, and whether it ends in a question mark.
    sentences: Vec<(Range<usize>, bool)>,
    words: Vec<Sense>,
    /// Which words go on with what was said before them: "and …".
    joined: Vec<bool>,
}

/// What a word means for those around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    Plain,
    /// The writer.
    First,
    /// Somebody else.
    Other,
    /// Makes what follows no statement.
    Unsure,
    /// Somebody says what follows.
    Says,
    Not,
    Never,
    /// Begins a question.
    Asks,
    /// Joins clauses or says when.
    Joins,
}

fn sense(low: &str) -> Sense {
    match low {
        "i" | "we" | "my" | "our" | "me" | "я" | "мы" | "мне" | "мой" | "моя" | "мое" | "меня" | "нас" | "нам"
        | "אני" | "אנחנו" | "שמי" | "לי" | "לנו" => Sense::First,
        "he"
        | "she"
        | "they"
        | "his"
        | "her"
        | "their"
        | "you"
        | "your"
        | "brother"
        | "sister"
        | "friend"
        | "mom"
        | "mum"
        | "dad"
        | "mother"
        | "father"
        | "wife"
        | "husband"
        | "son"
        | "daughter"
        | "boss"
        | "guy"
        | "girl"
        | "boyfriend"
        | "girlfriend"
        | "ex"
        | "anyone"
        | "somebody"
        | "someone"
        | "everyone"
        | "он"
        | "она"
        | "они"
        | "его"
        | "ее"
        | "их"
        | "ты"
        | "вы"
        | "твой"
        | "ваш"
        | "брат"
        | "сестра"
        | "друг"
        | "подруга"
        | "мама"
        | "папа"
        | "отец"
        | "мать"
        | "муж"
        | "жена"
        | "сын"
        | "дочь"
        | "дочка"
        | "сосед"
        | "коллега"
        | "начальник"
        | "мамы"
        | "папы"
        | "друга"
        | "кто-нибудь"
        | "кто-то"
        | "офиса"
        | "поддержки"
        | "הוא"
        | "היא"
        | "הם"
        | "הן"
        | "אתה"
        | "את"
        | "אתם"
        | "שלו"
        | "שלה"
        | "אח"
        | "אחות"
        | "אחותי"
        | "אחי"
        | "אבא"
        | "אמא"
        | "חבר"
        | "חברה"
        | "אשתי"
        | "בעלי"
        | "הבן"
        | "הבת"
        | "מישהו" => Sense::Other,
        "if"
        | "wish"
        | "imagine"
        | "suppose"
        | "pretend"
        | "would"
        | "maybe"
        | "perhaps"
        | "probably"
        | "could"
        | "want"
        | "dream"
        | "если"
        | "бы"
        | "представь"
        | "представьте"
        | "допустим"
        | "хочу"
        | "хотел"
        | "хотела"
        | "мечтаю"
        | "якобы"
        | "скоро"
        | "soon"
        | "עוד"
        | "בקרוב"
        | "наверное"
        | "может"
        | "возможно"
        | "кажется"
        | "אם"
        | "אילו"
        | "לו"
        | "הלוואי"
        | "נניח"
        | "תדמיין"
        | "תדמייני"
        | "דמיין"
        | "רוצה"
        | "כאילו"
        | "אולי"
        | "כנראה" => Sense::Unsure,
        "said" | "says" | "told" | "tells" | "think" | "thinks" | "thought" | "wrote" | "asked" | "claims"
        | "heard" | "сказал" | "сказала" | "говорит" | "говорят" | "говорил" | "говорила" | "думает" | "думают"
        | "считает" | "считают" | "пишет" | "спросил" | "спросила" | "אמר" | "אמרה" | "אומר" | "אומרת" | "אומרים"
        | "חושב" | "חושבת" | "חושבים" | "כתב" | "כתבה" | "שאל" | "שאלה" | "טוען" | "טוענת" => {
            Sense::Says
        }
        "not" | "no" | "nor" | "без" | "не" | "ни" | "нет" | "לא" | "אינני" | "איני" | "אין" => {
            Sense::Not
        }
        "never" | "никогда" | "вовсе" | "אף" | "מעולם" => Sense::Never,
        "do" | "does" | "did" | "are" | "is" | "am" | "can" | "what" | "where" | "who" | "why" | "how" | "when"
        | "which" | "whose" | "should" | "будет" | "кто" | "где" | "что" | "как" | "почему" | "когда" | "какой"
        | "какая" | "какие" | "сколько" | "откуда" | "разве" | "неужели" | "מה" | "איפה" | "מי" | "איך" | "למה"
        | "מתי" | "כמה" | "האם" | "מאיפה" | "איזה" => Sense::Asks,
        "and"
        | "but"
        | "so"
        | "also"
        | "ok"
        | "okay"
        | "hi"
        | "hey"
        | "hello"
        | "well"
        | "btw"
        | "just"
        | "recently"
        | "now"
        | "currently"
        | "then"
        | "и"
        | "а"
        | "но"
        | "да"
        | "ну"
        | "вот"
        | "сейчас"
        | "теперь"
        | "привет"
        | "короче"
        | "кстати"
        | "здравствуйте"
        | "еще"
        | "уже"
        | "просто"
        | "очень"
        | "недавно"
        | "только"
        | "дома"
        | "всем"
        | "אז"
        | "וגם"
        | "גם"
        | "אבל"
        | "היום"
        | "עכשיו"
        | "טוב"
        | "היי"
        | "שלום"
        | "כן"
        | "כרגע"
        | "ממש"
        | "מאוד"
        | "today"
        | "yesterday"
        | "with"
        | "divorced"
        | "married"
        | "сегодня"
        | "вчера"
        | "с"
        | "женат"
        | "замужем"
        | "разведен"
        | "разведена"
        | "אתמול"
        | "עם"
        | "נשוי"
        | "נשואה"
        | "גרוש"
        | "גרושה" => Sense::Joins,
        _ => Sense::Plain,
    }
}

impl Clauses {
    /// Finds them.
    pub(super) fn of(words: &[Word]) -> Self {
        let mut this = Self {
            clauses: Vec::new(),
            sentences: Vec::new(),
            words: Vec::with_capacity(words.len()),
            joined: Vec::new(),
        };
        let (mut clause, mut sentence) = (0, 0);
        for (index, word) in words.iter().enumerate() {
            this.words.push(if word.kind == Kind::Letters { sense_of(&word.low) } else { Sense::Plain });
            let is_and = |word: &Word| matches!(word.low.as_str(), "and" | "but" | "и" | "а" | "но");
            this.joined.push(word.low.starts_with('ו') || index > 0 && is_and(&words[index - 1]));
            if word.kind != Kind::Mark {
                continue;
            }
            let ends_sentence = word.is_mark(".!?…;\n") || is_picture(&word.low);
            // A dash within a clause stands for "is" in Russian, so it parts nothing.
            if ends_sentence || word.is_mark(",()\"") {
                if clause < index {
                    this.clauses.push(Clause { words: clause..index, sentence: this.sentences.len() });
                }
                clause = index + 1;
            }
            if ends_sentence {
                if sentence < index {
                    this.sentences.push((sentence..index, word.is_mark("?")));
                }
                sentence = index + 1;
            }
        }
        if clause < words.len() {
            this.clauses.push(Clause { words: clause..words.len(), sentence: this.sentences.len() });
        }
        if sentence < words.len() {
            this.sentences.push((sentence..words.len(), false));
        }
        // A sentence without words of its own, such as "!!", has been left out; clauses were numbered with that in mind.
        this.mark_jokes(words);
        this
    }

    fn mark_jokes(&mut self, words: &[Word]) {
        let says = |index: usize, low: &str| words.get(index).is_some_and(|word| word.low == low);
        let is_joke = (0..words.len()).any(|index| {
            matches!(words[index].low.as_str(), "jk" | "шучу" | "шутка" | "צוחק" | "צוחקת" | "בצחוק")
                || says(index, "just") && says(index + 1, "kidding")
                || says(index, "was") && says(index + 1, "joking")
        });
        if is_joke {
            self.sentences.clear();
            self.clauses.clear();
        }
    }

    /// Whether the message calls itself a joke.
    pub(super) fn is_joke(&self) -> bool {
        self.clauses.is_empty()
    }

    fn clause(&self, word: usize) -> Option<(usize, &Clause)> {
        self.clauses.iter().enumerate().find(|(_, clause)| clause.words.contains(&word))
    }

    /// Whether what begins at this word may be meant. `names_nobody`: the pattern itself does not say who is meant.
    /// `meant` are the beginnings of what has been found so far.
    pub(super) fn is_meant(&self, start: usize, names_nobody: bool, meant: &[usize]) -> bool {
        let Some((index, clause)) = self.clause(start) else { return false };
        let Some((sentence, asks)) = self.sentences.get(clause.sentence) else { return false };
        if *asks {
            let is_last = self.clauses.get(index + 1).is_none_or(|next| next.sentence != clause.sentence);
            let begins = self.words[sentence.clone()].iter().find(|sense| **sense != Sense::Joins);
            if is_last || begins == Some(&Sense::Asks) {
                return false;
            }
        }
        let before = sentence.start..start;
        for at in before.clone().rev() {
            let own = at > 0 && self.words[at - 1] == Sense::First && self.words[at] == Sense::Says;
            match self.words[at] {
                Sense::Unsure | Sense::Never => return false,
                Sense::Says if !own => return false,
                Sense::Not if clause.words.contains(&at) => return false,
                _ => {}
            }
        }
        !names_nobody || self.is_own(start, before, clause, meant)
    }

    /// Rule 5.
    fn is_own(&self, start: usize, before: Range<usize>, clause: &Clause, meant: &[usize]) -> bool {
        let nearest = self.words[before].iter().rev().find(|sense| matches!(sense, Sense::First | Sense::Other));
        match nearest {
            Some(Sense::First) => true,
            Some(_) => false,
            // "lives in Haifa and works as …": what the clause began with went on.
            None => {
                let goes_on =
                    self.joined[start] && meant.iter().any(|meant| *meant < start && clause.words.contains(meant));
                goes_on || self.words[clause.words.start..start].iter().all(|sense| *sense == Sense::Joins)
            }
        }
    }

    /// The clause in which something was said, cut to what can be shown.
    pub(super) fn quote(&self, text: &str, words: &[Word], found: Range<usize>) -> String {
        let (from, to) = match (self.clause(found.start), self.clause(found.end.saturating_sub(1))) {
            (Some((_, first)), Some((_, last))) => (first.words.start, last.words.end),
            _ => (found.start, found.end),
        };
        let place = words[from].place.start..words[to - 1].place.end;
        let quote = text[place].trim();
        match quote.char_indices().nth(120) {
            Some((cut, _)) => format!("{}…", &quote[..cut]),
            None => quote.to_owned(),
        }
    }
}

/// The sense of a word, also behind a Hebrew "and" or "that", and of "mum's".
fn sense_of(low: &str) -> Sense {
    let low = low.strip_suffix("'s").unwrap_or(low);
    match sense(low) {
        Sense::Plain => match low.strip_prefix(['ו', 'ש']) {
            // "of mine" stands behind what is mine, which may be somebody.
            Some(rest) if rest.chars().count() > 1 && low != "שלי" => sense(rest),
            _ => Sense::Plain,
        },
        sense => sense,
    }
}

/// Emoji and the like end a sentence.
fn is_picture(low: &str) -> bool {
    low.chars().next().is_some_and(|char| u32::from(char) >= 0x2190 && !char.is_alphanumeric())
}
