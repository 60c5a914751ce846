//! Python: componentize-py, in a virtual environment of the project's own. What it is told is in the SDK's `build.py`.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::{BuildError, Said, numbers, place, read, restore_sdk, run, version};
use crate::author::Language;

/// The oldest that has `tomllib`, and that componentize-py is made for.
const OLDEST: (u64, u64) = (3, 11);

pub(super) async fn build(folder: &Path, said: Said<'_>) -> Result<PathBuf, BuildError> {
    let file = folder.join("pyproject.toml");
    let wrong = |problem: String, hint: &str| BuildError::Project { file: file.clone(), problem, hint: hint.into() };
    let table: toml::Table = read(&file)?
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.message().to_owned(), "correct it; it is TOML"))?;
    let project = table.get("project");
    let name = project.and_then(|project| project.get("name")).and_then(toml::Value::as_str);
    let name = name.ok_or_else(|| wrong("it names no project".into(), "write name = \"…\" under [project]"))?;
    let needs = project.and_then(|project| project.get("dependencies")).and_then(toml::Value::as_array);
    let needs: Vec<_> = needs.into_iter().flatten().filter_map(toml::Value::as_str).map(str::to_owned).collect();
    restore_sdk(folder, Language::Python, said)?;
    let python = environment(folder, &needs, said).await?;
    let to = place(folder, name)?;
    let mut command = Command::new(python);
    command.arg(folder.join("sdk").join("build.py")).arg(folder).arg("--out").arg(&to).current_dir(folder);
    let hint = "mend what it names; docs/plugins.md lists the usual errors";
    run(command, "building the component", hint, false, said).await?;
    Ok(to)
}

/// The interpreter of the project's environment, which is made and filled once, and again when the project needs more.
async fn environment(folder: &Path, needs: &[String], said: Said<'_>) -> Result<PathBuf, BuildError> {
    let place = folder.join(".venv");
    let python = place.join("bin").join("python");
    let tools = folder.join("sdk").join("requirements.txt");
    let wanted = format!("{}{}\n", read(&tools)?, needs.join("\n"));
    let installed = place.join("guesthouse-installed.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|had| had == wanted) {
        return Ok(python);
    }
    if !python.is_file() {
        let mut venv = Command::new(interpreter(folder).await?);
        venv.args(["-m", "venv"]).arg(&place).current_dir(folder);
        let hint = "install the module `venv`: apt install python3-venv, or your system's package of that name";
        run(venv, "`python3 -m venv .venv`", hint, false, said).await?;
    }
    said("installing componentize-py with pip, once for this project");
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&tools).args(needs);
    pip.current_dir(folder);
    let hint = "pip needs its registry once; behind a proxy, set `export HTTPS_PROXY=…`, then build again";
    run(pip, "`pip install`", hint, false, said).await?;
    std::fs::write(&installed, wanted).map_err(|error| BuildError::File(installed, error))?;
    Ok(python)
}

async fn interpreter(folder: &Path) -> Result<&'static str, BuildError> {
    let mut found = None;
    for program in ["python3", "python"] {
        let Some(version) = version(program, folder).await else { continue };
        if numbers(&version) >= OLDEST {
            return Ok(program);
        }
        found.get_or_insert(version);
    }
    let problem = match found {
        Some(old) => format!("{old} is too old, {}.{} is needed", OLDEST.0, OLDEST.1),
        None => "Python is not installed: there is neither `python3` nor `python`".into(),
    };
    let hint = "install Python 3.11 or later from your system's packages or https://www.python.org".into();
    Err(BuildError::Missing { problem, hint })
}
