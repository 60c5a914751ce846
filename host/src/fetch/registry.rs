//! Components in registries, as the Wasm OCI artifact lays them down: one layer `application/wasm`, and a config
//! `application/vnd.wasm.config.v0+json` that says what the component imports and exports.
//!
//! Who may do what is the registry's to say: the log-in is the one of `docker login`, and without one it is asked as
//! anybody. A registry on this machine is asked without TLS.

use std::collections::BTreeMap;
use std::time::Duration;

use docker_credential::{CredentialRetrievalError, DockerCredential};
use futures_util::StreamExt;
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::{DigestError, OciDistributionError, OciErrorCode};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use serde_json::json;
use url::Url;

use super::{Bounds, DOCKER, FetchError, Origin, is_loopback, reason, within};

/// The media type of a component.
const LAYER: &str = "application/wasm";
/// The media type of what is said about it.
const CONFIG: &str = "application/vnd.wasm.config.v0+json";
/// Where Docker keeps the log-in for its own registry.
const DOCKER_LOG_IN: &str = "https://index.docker.io/v1/";
/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(8);

/// A component on its way to a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The component.
    pub component: Vec<u8>,
    /// Its SHA-256 in hexadecimal digits.
    pub digest: String,
    /// All that it imports.
    pub imports: Vec<String>,
    /// All that it exports.
    pub exports: Vec<String>,
    /// What is said of it, by the keys of `org.opencontainers.image.*`.
    pub annotations: BTreeMap<String, String>,
    /// When it is published, as RFC 3339 has it.
    pub created: String,
}

/// Fetches a component.
pub(super) async fn pull(reference: &Reference, bounds: Bounds) -> Result<Vec<u8>, FetchError> {
    let origin = || Origin::Registry(reference.clone());
    let client = client(reference, bounds);
    let auth = log_in(reference).await?;
    let (manifest, _) = client.pull_manifest(reference, &auth).await.map_err(|error| refused(reference, error))?;
    let no_component = |found: &str| Err(FetchError::NoComponent { origin: origin(), found: found.to_owned() });
    let OciManifest::Image(manifest) = manifest else { return no_component("an index of several artifacts") };
    let [layer] = manifest.layers.as_slice() else {
        return no_component(&format!("an artifact of {} layers", manifest.layers.len()));
    };
    if layer.media_type != LAYER {
        return no_component(&format!("`{}`", layer.media_type));
    }
    let too_large = || FetchError::TooLarge { origin: origin(), mib: bounds.mib };
    if u64::try_from(layer.size).is_ok_and(|size| size > bounds.bytes()) {
        return Err(too_large());
    }
    // By its digest alone: other places that the layer may name are not asked.
    let stream = client.pull_blob_stream(reference, layer.digest.as_str()).await;
    let mut stream = stream.map_err(|error| refused(reference, error))?;
    let mut bytes = Vec::new();
    while let Some(more) = stream.next().await {
        let more = more.map_err(|error| match error.get_ref() {
            Some(inner) if inner.is::<DigestError>() => {
                FetchError::Digest { origin: origin(), reason: inner.to_string() }
            }
            _ => FetchError::Broken { origin: origin(), reason: reason(&error) },
        })?;
        if (bytes.len() + more.len()) as u64 > bounds.bytes() {
            return Err(too_large());
        }
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// Pushes a component, and says under which digest the registry has it.
pub async fn publish(reference: &Reference, artifact: Artifact, bounds: Bounds) -> Result<String, FetchError> {
    within(&Origin::Registry(reference.clone()), bounds, async {
        let client = client(reference, bounds);
        let auth = log_in(reference).await?;
        let config = json!({
            "created": artifact.created,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [format!("sha256:{}", artifact.digest)],
            "component": { "imports": artifact.imports, "exports": artifact.exports },
        });
        let config = Config::new(config.to_string().into_bytes(), CONFIG.into(), None);
        let layers = [ImageLayer::new(artifact.component, LAYER.into(), None)];
        let mut manifest = OciImageManifest::build(&layers, &config, Some(artifact.annotations));
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.into());
        let pushed = client.push(reference, &layers, config, &auth, Some(manifest)).await;
        pushed.map_err(|error| refused(reference, error))?;
        let digest = client.fetch_manifest_digest(reference, &auth).await;
        digest.map_err(|error| refused(reference, error))
    })
    .await
}

fn client(reference: &Reference, bounds: Bounds) -> Client {
    let registry = reference.resolve_registry();
    let here = Url::parse(&format!("http://{registry}")).is_ok_and(|url| is_loopback(&url));
    let protocol = if here || bounds.plain_http { ClientProtocol::Http } else { ClientProtocol::Https };
    Client::new(ClientConfig {
        protocol,
        connect_timeout: Some(CONNECT),
        user_agent: concat!("guesthouse/", env!("CARGO_PKG_VERSION")),
        ..ClientConfig::default()
    })
}

/// The log-in that Docker has for this registry. A helper may be asked for it, which is a program and takes its time.
async fn log_in(reference: &Reference) -> Result<RegistryAuth, FetchError> {
    let registry = reference.registry().to_owned();
    let server = if registry == DOCKER { DOCKER_LOG_IN.to_owned() } else { registry.clone() };
    let found = tokio::task::spawn_blocking(move || docker_credential::get_credential(&server)).await;
    let unusable = |reason: &str| FetchError::Credentials { registry: registry.clone(), reason: reason.to_owned() };
    match found.map_err(|_| unusable("asking for them crashed"))? {
        Ok(DockerCredential::UsernamePassword(name, password)) => Ok(RegistryAuth::Basic(name, password)),
        Ok(DockerCredential::IdentityToken(_)) => Err(unusable("they are an identity token")),
        // A helper that knows none says so by failing.
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::NoCredentialConfigured
            | CredentialRetrievalError::HelperFailure { .. },
        ) => Ok(RegistryAuth::Anonymous),
        Err(error) => Err(unusable(&error.to_string())),
    }
}

/// What an answer of a registry means to whoever asked for this.
fn refused(reference: &Reference, error: OciDistributionError) -> FetchError {
    let origin = Origin::Registry(reference.clone());
    let log_in = |origin| FetchError::LogIn { origin, registry: reference.registry().to_owned() };
    match error {
        OciDistributionError::UnauthorizedError { .. } | OciDistributionError::AuthenticationFailure(_) => {
            log_in(origin)
        }
        OciDistributionError::RegistryError { envelope, .. } => {
            let codes: Vec<_> = envelope.errors.iter().map(|error| &error.code).collect();
            let has = |some: &[OciErrorCode]| codes.iter().any(|code| some.contains(code));
            let said: Vec<_> = envelope.errors.iter().map(|error| error.message.as_str()).collect();
            let reason = said.join(", ");
            if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                log_in(origin)
            } else if has(&[
                OciErrorCode::ManifestUnknown,
                OciErrorCode::NameUnknown,
                OciErrorCode::NotFound,
                OciErrorCode::BlobUnknown,
            ]) {
                FetchError::Missing { origin, reason }
            } else {
                FetchError::Broken { origin, reason }
            }
        }
        OciDistributionError::ServerError { code: 401 | 403, .. } => log_in(origin),
        OciDistributionError::ServerError { code: 404, .. } | OciDistributionError::ImageManifestNotFoundError(_) => {
            FetchError::Missing { origin, reason: "the registry does not have it".into() }
        }
        OciDistributionError::ServerError { code, .. } => {
            FetchError::Broken { origin, reason: format!("the registry answers {code}") }
        }
        OciDistributionError::DigestError(error) => FetchError::Digest { origin, reason: error.to_string() },
        OciDistributionError::RequestError(error) => FetchError::Broken { origin, reason: reason(&error) },
        error => FetchError::Broken { origin, reason: error.to_string() },
    }
}
