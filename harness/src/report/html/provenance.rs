//! Everything it takes to make the results again.

use maud::{Markup, html};

use super::super::provenance::{facts, settings};
use super::super::summary::Summary;
use super::number;

pub(super) fn section(summary: &Summary) -> Markup {
    let made = &summary.results.provenance;
    html! {
        dl {
            @for (name, fact) in facts(summary) { div { dt { (name) } dd { (fact) } } }
        }
        h3 { "Systems" }
        (systems(summary))
        @if !made.encoders.is_empty() {
            h3 { "Encoders" }
            div.scroll {
                table {
                    thead { tr { th { "Name" } th { "Model" } th.num { "Numbers" } th { "Fingerprint" } } }
                    tbody {
                        @for (name, encoder) in &made.encoders {
                            tr {
                                th scope="row" { (name) } td { (encoder.model) } td.num { (encoder.dim) }
                                td.hash { (encoder.fingerprint) }
                            }
                        }
                    }
                }
            }
        }
        @if !made.files.is_empty() { (files(summary)) }
        h3 { "To make this again" }
        p { "With the same files in place, whoever runs the experiment gets the same rankings:" }
        pre { "xenoglot eval run experiment.toml\nxenoglot eval report DIRECTORY" }
        @if let Some(experiment) = &summary.experiment {
            details { summary { code { "experiment.toml" } } pre { (experiment) } }
        }
    }
}

/// Settings down, systems across: what differs from the first system stands out.
fn systems(summary: &Summary) -> Markup {
    let systems = &summary.results.systems;
    html! {
        div.scroll {
            table.settings {
                thead { tr { th scope="col" { "Setting" } @for system in systems { th scope="col" { (system.name) } } } }
                tbody {
                    @for (name, values) in settings(&summary.results.systems) {
                        @let is_shared = values.iter().all(|value| *value == values[0]);
                        tr.shared[is_shared] {
                            th scope="row" { code { (name) } }
                            @for value in &values {
                                td { @match value { Some(value) => code { (value) }, None => span.none { (number::NONE) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn files(summary: &Summary) -> Markup {
    let files = &summary.results.provenance.files;
    html! {
        details {
            summary { (number::counted(files.len(), "file", "files")) " read, with their BLAKE3" }
            div.scroll {
                table {
                    thead { tr { th { "File" } th.num { "Size" } th { "BLAKE3" } } }
                    tbody {
                        @for (name, file) in files {
                            tr { th scope="row" { code { (name) } } td.num { (number::bytes(file.size_bytes)) } td.hash { (file.blake3) } }
                        }
                    }
                }
            }
        }
    }
}
