//! `guesthouse plugin publish`: a component goes into a registry, after the host's own loader has looked at it.

use std::collections::BTreeMap;

use anyhow::bail;

use super::candidate::{self, Fetching, Workshop};
use crate::author::summary;
use crate::cli::say;
use crate::clock::Clock;
use crate::config::Limits;
use crate::fetch::{self, Artifact, Origin};

/// What the command line says
#[derive(Debug, clap::Args)]
pub(super) struct Publish {
    /// The component
    file: String,
    /// Where to: `oci://REGISTRY/NAME:TAG`
    to: String,
    #[command(flatten)]
    fetching: Fetching,
}

/// Does it.
pub(super) async fn run(args: Publish, clock: &Clock) -> anyhow::Result<()> {
    let Origin::Registry(reference) = Origin::parse(&args.to)? else {
        bail!("`{}` is no registry\nhint: write oci://REGISTRY/NAME:TAG", args.to)
    };
    if reference.digest().is_some() {
        bail!("a digest is made by publishing, not chosen\nhint: write oci://REGISTRY/NAME:TAG");
    }
    let limits = Limits::default();
    let bounds = args.fetching.bounds(&limits);
    let workshop = Workshop::new(limits, Vec::new())?;
    let found = workshop.fetch(&args.file, &args.fetching, &BTreeMap::new()).await?;
    say(&summary::page(&found.seen));
    let (manifest, created) = (&found.seen.manifest, candidate::now(clock));
    let annotations =
        [("title", &manifest.name), ("version", &manifest.version), ("description", &manifest.description)];
    let annotations = annotations.map(|(key, text)| (format!("org.opencontainers.image.{key}"), text.clone()));
    let artifact = Artifact {
        component: found.bytes,
        digest: found.seen.digest.clone(),
        imports: found.seen.imports.clone(),
        exports: ["describe", "handle"].map(str::to_owned).to_vec(),
        annotations: annotations.into(),
        created,
    };
    let digest = fetch::publish(&reference, artifact, bounds).await?;
    let place = format!("oci://{}/{}", reference.registry(), reference.repository());
    say(&format!("It is published as {} and stays {place}@{digest}.", Origin::Registry(reference)));
    Ok(())
}
