//! `http`: the Web, as far as the grant reaches. What is asked is the lane's to do; this file turns values and counts.

use std::sync::Arc;

use crate::model::web::{WebBody, WebError, WebMethod, WebRequest, WebResponse};
use crate::sandbox::bindings::guesthouse::plugin::http::{Body, Error, Header, Host, Method, Request, Response};
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::Guest;
use crate::sandbox::view::ViewError;

impl Host for Guest {
    async fn fetch(&mut self, request: Request) -> wasmtime::Result<Result<Response, Error>> {
        let (meter, patience) = (Arc::clone(&self.meter), Arc::clone(&self.patience));
        let mut entered = self.enter("http")?;
        let (limits, asked) = (&entered.rules.limits, (request.timeout_ms, request.max_bytes));
        let (number, bounds) = match entered.turn.outside.may_fetch(limits, patience.waited(&meter), asked) {
            Ok(may) => may,
            Err(Exceeded(limit)) => return Ok(Err(Error::Limit(limit))),
        };
        let view = Arc::clone(&entered.turn.view);
        let fetched = view.fetch(number, model(request), &entered.rules.grant.sites, bounds);
        Ok(match patience.wait(&meter, fetched).await {
            Ok(Ok(response)) => {
                entered.turn.outside.fetched(response.body.len());
                Ok(wit(response))
            }
            Ok(Err(error)) => Err(wit_error(error)),
            Err(error) => {
                if let ViewError::Unavailable(reason) = &error {
                    entered.note_unavailable(reason);
                }
                Err(Error::Other(error.to_string()))
            }
        })
    }
}

fn model(request: Request) -> WebRequest {
    let Request { method, url, headers, body, timeout_ms, max_bytes } = request;
    WebRequest {
        method: match method {
            Method::Get => WebMethod::Get,
            Method::Head => WebMethod::Head,
            Method::Post => WebMethod::Post,
            Method::Put => WebMethod::Put,
            Method::Patch => WebMethod::Patch,
            Method::Delete => WebMethod::Delete,
        },
        url,
        headers: headers.into_iter().map(|Header { name, value }| (name, value)).collect(),
        body: body.map(Into::into),
        timeout_ms,
        max_bytes,
    }
}

fn wit(response: WebResponse) -> Response {
    let WebResponse { status, url, headers, body } = response;
    let body = match body {
        WebBody::Text(text) => Body::Text(text),
        WebBody::Bytes(bytes) => Body::Bytes(bytes.into()),
    };
    Response { status, url, headers: headers.into_iter().map(|(name, value)| Header { name, value }).collect(), body }
}

fn wit_error(error: WebError) -> Error {
    match error {
        WebError::NotAllowed(what) => Error::NotAllowed(what),
        WebError::BadRequest(what) => Error::BadRequest(what),
        WebError::TooLarge(bytes) => Error::TooLarge(bytes),
        WebError::Timeout => Error::Timeout,
        WebError::Unreachable(why) => Error::Unreachable(why),
    }
}
