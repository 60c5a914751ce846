//! What is found, and above all what is not. The evaluation measures how often; this says why.

use super::*;

fn read(text: &str) -> Vec<String> {
    let rules = Rules::new();
    rules.read(text, &[]).into_iter().map(|fact| format!("{}={}", fact.field.name(), fact.value)).collect()
}

#[test]
fn one_message_may_say_many_things() {
    assert_eq!(
        read("Hello! My name is Vera, I'm 52, I live in Perm. I work as a bus driver, married, two sons"),
        ["name=Vera", "age=52", "city=Perm", "occupation=bus driver", "family=married", "family=sons: 2"]
    );
    assert_eq!(read("Меня зовут Вера, мне 52 года, живу в Перми"), ["name=Вера", "age=52", "city=Пермь"]);
    assert_eq!(read("שמי ורד, אני בת 52 ואני גרה בנהריה"), ["name=ורד", "age=52", "city=נהריה"]);
}

#[test]
fn negations_tell_nothing() {
    for text in ["I am not a pilot", "i don't live in Rome", "I've never lived in Rome and I am not from Rome"] {
        assert_eq!(read(text), [""; 0], "{text}");
    }
    for text in ["я не пилот", "не живу в Перми", "אני לא טייס", "לא גר בעכו", "I no longer live in Rome"]
    {
        assert_eq!(read(text), [""; 0], "{text}");
    }
}

#[test]
fn questions_and_hypotheses_tell_nothing() {
    for text in [
        "am I a pilot?",
        "do you know I live in Rome?",
        "if I live in Rome, do I pay tax there",
        "maybe I am a pilot",
        "I wish I was a pilot",
        "разве я пилот?",
        "если я живу в Перми, то что",
        "я бы работал пилотом",
        "אם אני גר בעכו אז מה",
        "אני טייס?",
        "הלוואי שאני גר ברומא",
    ] {
        assert_eq!(read(text), [""; 0], "{text}");
    }
    // But what stands before the question was said.
    assert_eq!(read("I'm Vera, and you?"), ["name=Vera"]);
    assert_eq!(read("Меня зовут Вера, а тебя как?"), ["name=Вера"]);
}

#[test]
fn what_others_are_or_say_tells_nothing_of_the_writer() {
    for text in [
        "he lives in Rome and works as a pilot",
        "Vera says: I am a pilot",
        "he told me I live in Rome",
        "он живет в Перми, работает пилотом",
        "она сказала, что я пилот",
        "הוא גר בעכו ועובד כטייס",
        "היא אמרה שאני טייס",
        "«я пилот и живу в Перми»",
        "“I am a pilot and live in Rome”",
        "> I am a pilot\n> I live in Rome",
        "\"אני טייס וגר בעכו\"",
    ] {
        assert_eq!(read(text), [""; 0], "{text}");
    }
    // Having a brother is one's own.
    assert_eq!(read("my brother is a pilot and lives in Rome"), ["family=brother"]);
    // What one says oneself is one's own, too.
    assert_eq!(read("I told you I am a pilot"), ["occupation=pilot"]);
}

#[test]
fn foreign_parts_are_skipped() {
    let text = "look: I am a pilot. And I live in Rome";
    let start = text.find("I am").expect("it is there");
    let foreign = start..start + "I am a pilot".len();
    let facts = Rules::new().read(text, std::slice::from_ref(&foreign));
    assert_eq!(facts.iter().map(|fact| fact.value.as_str()).collect::<Vec<_>>(), ["Rome"]);
    // Ranges that cut characters in two or lie outside do no harm.
    let _ = Rules::new().read("я живу в Перми", &[1..4, 100..200]);
}

#[test]
fn jokes_and_numbers_that_are_something_else_tell_nothing() {
    for text in [
        "I'm a pilot, just kidding",
        "я пилот, шучу",
        "I'm 20 minutes away",
        "I am 85 kg",
        "мне 20 минут ехать",
        "order 4458812309",
        "см. 12.05.2024",
        "call the office at +1 212 555 0100",
    ] {
        assert_eq!(read(text), [""; 0], "{text}");
    }
}

#[test]
fn a_fact_carries_its_words_and_how_sure_it_is() {
    let facts = Rules::new().read("Well. I moved to Perm in May, it's cold!", &[]);
    let [fact] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((fact.quote.as_str(), fact.value.as_str()), ("I moved to Perm in May", "Perm"));
    assert!(fact.confidence > 0.8 && fact.confidence < 1.0);
    let long = format!("{} I moved to Perm.", "word ".repeat(400));
    assert!(Rules::new().read(&long, &[])[0].confidence < 0.6, "a long text is somebody's article");
}

#[test]
fn values_are_the_same_in_any_language() {
    let rules = Rules::new();
    assert_eq!(rules.key(Field::City, "Москва"), rules.key(Field::City, "Moscow"));
    assert_eq!(rules.key(Field::City, "תל אביב"), rules.key(Field::City, "Tel Aviv"));
    assert_eq!(rules.key(Field::Interest, "шахматы"), rules.key(Field::Interest, "chess"));
    assert_eq!(rules.key(Field::Family, "wife: Anna"), rules.key(Field::Family, "wife"));
    assert_ne!(rules.key(Field::Family, "son: Max"), rules.key(Field::Family, "son: Leo"));
    assert_eq!(rules.key(Field::Phone, "+7 916 1"), rules.key(Field::Phone, "79161"));
}

#[test]
fn only_values_of_their_field_are_kept() {
    let rules = Rules::new();
    let check = |field, value: &str| rules.check(field, value);
    assert_eq!(check(Field::Birthday, "12.05.1990").as_deref(), Some("1990-05-12"));
    assert_eq!(check(Field::Birthday, "1990-05-12").as_deref(), Some("1990-05-12"));
    assert_eq!(check(Field::Birthday, "05-12").as_deref(), Some("05-12"));
    assert_eq!(check(Field::Birthday, "12 мая").as_deref(), Some("05-12"));
    assert_eq!(check(Field::Birthday, "31.02.1990"), None);
    assert_eq!(check(Field::Language, "французский").as_deref(), Some("fr"));
    assert_eq!(check(Field::Timezone, "GMT+5:30").as_deref(), Some("UTC+5:30"));
    assert_eq!(check(Field::Email, "Anna@Example.com").as_deref(), Some("anna@example.com"));
    for (field, value) in [
        (Field::Age, "four"),
        (Field::Age, "400"),
        (Field::City, ""),
        (Field::City, "a\u{0}b"),
        (Field::Name, "R2 D2"),
        (Field::Email, "anna at example"),
        (Field::Link, "javascript:alert(1)"),
        (Field::Phone, "none"),
        (Field::Language, "klingon"),
        (Field::Family, "boss: Anna"),
        (Field::Timezone, "tea time"),
    ] {
        assert_eq!(check(field, value), None, "{field:?} {value}");
    }
}

#[test]
fn no_text_is_too_odd() {
    let rules = Rules::new();
    let odd = [
        "",
        "\u{202e}",
        "'''",
        "\"",
        "«",
        "+",
        "@",
        "UTC+",
        "Europe/",
        "я",
        "מ",
        "I am",
        "my name is",
        "12.",
        "8",
        "…?",
        "\n\n",
    ];
    for one in odd {
        rules.read(one, &[]);
        for other in odd {
            rules.read(&format!("I'm {one}{other} my {one}, {other}"), &[]);
            rules.read(&format!("{one} אני {other}"), &[]);
        }
    }
    rules.read(&"я живу в ".repeat(2000), &[]);
    rules.read(&"שמי דן ".repeat(2000), &[]);
    assert_eq!(rules.topics("I like chess, футбол and יוגה, chess again"), ["chess", "футбол", "יוגה"]);
}
