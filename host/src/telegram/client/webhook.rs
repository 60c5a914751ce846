//! Where Telegram posts a bot's updates.

use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::telegram::error::CallError;

/// What Telegram says of a bot's webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct WebhookInfo {
    /// Where updates are posted; empty: nowhere.
    pub url: String,
    /// The kinds of updates that are posted; empty: the usual ones.
    pub allowed_updates: Vec<String>,
    /// Updates that wait to be posted.
    pub pending_update_count: i64,
    /// When a post failed last, in seconds since 1970.
    pub last_error_date: Option<i64>,
    /// Why.
    pub last_error_message: Option<String>,
}

impl Client {
    /// Asks where updates are posted.
    pub async fn get_webhook_info(&self) -> Result<WebhookInfo, CallError> {
        let answer = self.call("getWebhookInfo", "{}").await?;
        serde_json::from_str(answer.json()).map_err(|error| {
            CallError::Ambiguous(format!("getWebhookInfo answered with something else than that: {error}"))
        })
    }

    /// Has updates posted. What waits stays.
    pub async fn set_webhook(&self, url: &str, secret: &str, allowed: &[&str]) -> Result<(), CallError> {
        let body = json!({ "url": url, "secret_token": secret, "allowed_updates": allowed });
        self.call("setWebhook", &body.to_string()).await.map(drop)
    }

    /// Has them posted no more. What waits stays.
    pub async fn delete_webhook(&self) -> Result<(), CallError> {
        let body = json!({ "drop_pending_updates": false });
        self.call("deleteWebhook", &body.to_string()).await.map(drop)
    }
}
