# Raw logs, generated, found or downloaded; then cleaned.


rule sample_logs:
    """Generate sample logs in a dataset's raw layout."""
    output:
        directory(f"{RUN}/{{dataset}}/raw"),
    log:
        f"{HERE}/logs/sample_logs.log",
    params:
        *code("sample_logs"),
        sample=lambda w: settings.datasets[w.dataset].sample.model_dump(mode="json"),
        files=lambda w: {
            role: table.file
            for role, table in settings.datasets[w.dataset].tables().items()
        },
    script:
        "../scripts/sample_logs.py"


rule fetch:
    """Download an archive, unless it is there, check it, and unpack one file."""
    output:
        f"{DOWNLOADS}/{{folder}}/{{file}}",
    log:
        f"{DOWNLOADS}/logs/{{folder}}/{{file}}.log",
    wildcard_constraints:
        folder=one_of(downloads()),
    params:
        archive=lambda w: downloads()[w.folder].model_dump(mode="json"),
        download=f"{DOWNLOADS}/{{folder}}.zip",
    script:
        "../scripts/fetch.py"


rule clean:
    """Clean raw logs; keep the rows rejected, with the reason."""
    input:
        raw_files,
    output:
        **CLEAN,
    log:
        f"{HERE}/logs/clean.log",
    params:
        *code("clean"),
        *raw_checksums(),
        settings=log_settings,
    script:
        "../scripts/clean.py"
