use super::*;

const NOON: Timestamp = 1_795_262_400_000;

fn says(field: Field, value: &str, confidence: f64, day: i64) -> Statement {
    Statement {
        user_id: 7,
        field,
        value: value.into(),
        match_key: value.split(": ").next().unwrap_or_default().to_lowercase(),
        confidence,
        method: Method::Rules,
        source_chat: 7,
        source_message: day,
        source_link: None,
        quote: format!("… {value}"),
        said: NOON + day * DAY,
        merged: false,
    }
}

/// Merges step by step; what is known then, and what was before.
fn known(steps: Vec<Vec<Statement>>) -> (Vec<String>, Vec<String>) {
    let mut rows: Vec<(i64, Fact)> = Vec::new();
    let mut history = Vec::new();
    let mut next = 1;
    for step in steps {
        let changes = merge(rows.clone(), step);
        rows.retain(|(id, _)| !changes.removed.contains(id));
        for (id, fact) in changes.changed {
            rows.iter_mut().find(|(known, _)| *known == id).expect("a row that is there").1 = fact;
        }
        for fact in changes.added {
            rows.push((next, fact));
            next += 1;
        }
        history.extend(changes.past.into_iter().map(|past| format!("{} → {}", past.value, past.replaced_by)));
    }
    (rows.into_iter().map(|(_, fact)| fact.value).collect(), history)
}

#[test]
fn the_later_of_two_equally_sure_values_holds_in_whatever_order_they_come() {
    let berlin = || says(Field::City, "Berlin", 0.9, 0);
    let haifa = || says(Field::City, "Haifa", 0.9, 3);
    let expected = (vec!["Haifa".to_owned()], vec!["Berlin → Haifa".to_owned()]);
    assert_eq!(known(vec![vec![berlin()], vec![haifa()]]), expected);
    assert_eq!(known(vec![vec![haifa(), berlin()]]), expected);
    // What was said earlier and is found later changes nothing any more.
    assert_eq!(known(vec![vec![haifa()], vec![berlin()]]), (vec!["Haifa".to_owned()], vec![]));
}

#[test]
fn what_is_less_sure_waits_until_the_old_has_faded() {
    let sure = || says(Field::City, "Berlin", 0.95, 0);
    assert_eq!(known(vec![vec![sure()], vec![says(Field::City, "Haifa", 0.6, 10)]]).0, ["Berlin"]);
    assert_eq!(known(vec![vec![sure()], vec![says(Field::City, "Haifa", 0.6, 900)]]).0, ["Haifa"]);
}

#[test]
fn a_correction_of_the_user_holds_against_all_but_a_clear_later_word() {
    let mut corrected = says(Field::City, "Haifa", 1.0, 0);
    corrected.method = Method::User;
    let later = |confidence| vec![vec![corrected.clone()], vec![says(Field::City, "Berlin", confidence, 2000)]];
    assert_eq!(known(later(0.7)).0, ["Haifa"]);
    assert_eq!(known(later(0.9)).0, ["Berlin"]);
}

#[test]
fn the_same_again_is_surer_and_one_fact() {
    let changes = merge(Vec::new(), vec![says(Field::Name, "Dan", 0.8, 0), says(Field::Name, "Dan", 0.8, 1)]);
    let [fact] = changes.added.as_slice() else { panic!("{changes:?}") };
    assert!(fact.confidence > 0.85 && fact.confidence < 0.99, "{}", fact.confidence);
    assert_eq!((fact.times, fact.since, fact.seen, fact.source_message), (2, NOON, NOON + DAY, 1));
}

#[test]
fn many_values_stand_beside_each_other_but_one_state_does_not() {
    let (values, past) = known(vec![
        vec![says(Field::Language, "en", 0.9, 0), says(Field::Language, "ru", 0.9, 0)],
        vec![says(Field::Family, "married", 0.9, 0), says(Field::Family, "wife", 0.8, 0)],
        vec![says(Field::Family, "wife: Anna", 0.8, 1), says(Field::Family, "wife", 0.8, 2)],
        vec![says(Field::Family, "divorced", 0.9, 400)],
    ]);
    assert_eq!(values, ["en", "ru", "divorced", "wife: Anna"]);
    assert_eq!(past, ["married → divorced"]);
}

#[test]
fn a_field_does_not_grow_for_ever() {
    let hobbies = (0..30).map(|n| says(Field::Interest, &format!("hobby{n}"), 0.5 + f64::from(n) / 100.0, 0)).collect();
    let (values, _) = known(vec![hobbies]);
    assert_eq!(values.len(), MOST);
    assert!(values.contains(&"hobby29".to_owned()) && !values.contains(&"hobby0".to_owned()));
}
