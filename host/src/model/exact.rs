//! Numbers with a fraction in JSON: as texts, because what reads JSON quickly reads the last bit of some of them wrong.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use crate::model::table::Value;

    #[test]
    fn every_bit_comes_back() {
        for number in [0.1, -0.0, 1e-310, 55.755_826_000_000_004, f64::MAX, 1.0 / 3.0] {
            let json = serde_json::to_string(&Value::Real(number)).unwrap();
            let Value::Real(read) = serde_json::from_str(&json).unwrap() else { panic!("{json}") };
            assert_eq!(read.to_bits(), number.to_bits(), "{json}");
        }
    }
}
