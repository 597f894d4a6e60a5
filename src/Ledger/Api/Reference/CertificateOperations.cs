
namespace Ledger.Api.Reference;

/// <summary>The description of the certificate's operation (contract §6).</summary>
internal static class CertificateOperations
{
    /// <summary>A sample certificate. Its last three lists are shortened.</summary>
    private const string Sample = """
        {"format":"erasure-certificate/v1","job":"cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c","conclusion":"erased",
         "headline":"ERASED: all 2 conversations on the job's list were erased.","outcome":"completed","issuedAt":"2026-05-11T18:00:00.000Z",
         "request":{"client":"cs-my-client","bot":"st-my-bot","requestType":"conversationIds","conversationIds":2,"from":null,"to":null,"retainedFrom":null},
         "instants":{"submittedAt":"2026-05-08T06:22:56.097Z","startedAt":"2026-05-08T18:00:00.412Z","firstErasedAt":"2026-05-08T18:00:01.038Z",
                     "lastErasedAt":"2026-05-08T18:00:01.038Z","endedAt":"2026-05-08T18:00:01.038Z"},
         "attempts":1,"conversations":{"identified":2,"erased":2,"skipped":0,"failed":0,"untouched":0},
         "items":{"messages":31,"transcripts":2,"recordings":0,"attachments":1,"logs":2},"skipped":{},"failed":{},"failedAttempts":{},
         "windows":[{"name":"default","cron":"0 0 18 * * ?","timeZone":"UTC","opens":"2026-05-08T18:00:00.000Z","closes":"2026-05-09T02:00:00.000Z","attempt":1,
                     "planned":"off_peak","plannedAt":"2026-05-08T18:00:00.000Z","erased":2,"skipped":0,"failed":0,
                     "firstAt":"2026-05-08T18:00:01.038Z","lastAt":"2026-05-08T18:00:01.038Z"}],
         "method":{"erasure":"Each conversation and its items were deleted as rows of the conversation store …","verification":"Within each deletion's transaction the store was read again …"},
         "log":{"origin":"ledger.example.com/log","key":"ledger.example.com/log+5ab6500e+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
                "leaves":{"first":1000,"end":1006,"events":6,"runs":1,"ranges":[{"first":1000,"end":1006}]},"size":1012,
                "root":"inyKYJ53HfRAEwVT/Ha68TNIrEfdP2/wZnF9jAbZGfU=","signedAt":"2026-05-08T18:00:01.512Z",
                "checkpoint":"ledger.example.com/log\n1012\ninyKYJ53HfRAEwVT/Ha68TNIrEfdP2/wZnF9jAbZGfU=\n\n— ledger.example.com/log WrZQDl0o0fOM…\n","witnesses":[]},
         "sanitization":{"standard":"NIST SP 800-88 Rev. 1, Appendix G (sample certificate of sanitization)",
                         "fields":[{"section":"Sanitization details","field":"Method used","value":"Other: deletion of rows by SQL"}]},
         "notProven":["That backups, replicas and copies elsewhere are erased."],
         "verify":{"proof":"https://ledger.example.com/api/public/bot/st-my-bot/conversations/delete/cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c/proof",
                   "page":"https://ledger.example.com/verify","command":"erasure-verify cdj-e8c0d360-6b5b-50ab-bda1-ae54b18a1b2c.erasure-proof --key \"$(cat log.vkey)\""}}
        """;

    public static Operation Certificate { get; } =
        new()
        {
            Tag = Tag.Proofs,
            Summary = "The certificate of erasure of a job that has ended.",
            Description = """
            What the job's events say, on a page that a data-protection officer can sign: HTML that prints well (unless told), JSON
            (`erasure-certificate/v1`), or PDF where the server has a Chromium. It is chosen by `Accept`, or by `format` in a link. It
            names no conversation and no channel user; the proof is what proves it.

            With `Delete Conversations` a client gets the certificates of its own jobs.
            """,
            Parameters =
        [
            Parameters.BotId,
            Parameters.JobId,
            Parameters.InQuery("format", "In the place of `Accept`.", Schema.OneOf("html", "json", "pdf"), "json"),
            Parameters.InQuery("paper", "What it is printed on; `a4` unless told.", Schema.OneOf("a4", "letter"), "a4"),
        ],
            Answers =
        [
            new Answer(200, "The certificate.")
            {
                Contents =
                [
                    new Content("text/html", Schema: null, Example.Text("its first lines", "<!doctype html>\n<html lang=\"en\">…")),
                    new Content("application/json", "Certificate", Example.Json("all erased, shortened", Sample)),
                    new Content("application/pdf", Schema: null),
                ],
                Headers = [Header.VaryAccept],
            },
        ],
            Refusals =
        [
            Refused.ByQuery("format must be one of html, json, pdf"),
            new("no such form", "`Accept` names none of the three.", CertificateEndpoint.NotAcceptable),
            new("no PDF here", "Only PDF is asked for, and this server has no Chromium.", CertificateEndpoint.NoChromium),
            .. ProofOperations.Unprovable,
            new("not printed", "The PDF could not be printed.", CertificateEndpoint.NotPrinted),
        ],
        };
}
