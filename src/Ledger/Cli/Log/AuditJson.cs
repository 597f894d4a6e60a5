using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Ledger.Audit;
using Ledger.Audit.Mirror;
using Ledger.Contracts;

namespace Ledger.Cli.Log;

/// <summary>The results of an audit as one JSON object, written as it comes.</summary>
internal sealed class AuditJson : AuditOutput
{
    private const int FlushAt = 1 << 16;

    private readonly TextWriter _output;
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly Utf8JsonWriter _json;
    private bool _failed;

    public AuditJson(TextWriter output)
    {
        _output = output;
        _json = new Utf8JsonWriter(
            _buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        _json.WriteStartObject();
    }

    public override void Report(string what, AuditReport report)
    {
        _json.WriteStartObject(what);
        _json.WriteBoolean("holds", report.Findings.Count == 0);
        _json.WriteString("origin", report.Origin);
        _json.WriteNumber("size", report.Size);
        _json.WriteBase64String("root", report.Root);
        foreach (var (name, count) in new[]
        {
            ("leaves", report.Leaves), ("queued", report.Queued), ("checkpoints", report.Checkpoints), ("signatures", report.Signatures),
            ("signed", report.SignedLeaves), ("unsigned", report.UnsignedEvents),
            ("streams", report.Streams),
            ("events", report.Events), ("documents", report.Documents), ("milliseconds", (long)report.Elapsed.TotalMilliseconds),
        })
            _json.WriteNumber(name, count);
        _json.WriteStartArray("findings");
        foreach (var finding in report.Findings)
            Write(finding);
        _json.WriteEndArray();
        WriteTexts("notes", report.Notes);
        WriteTexts("notShown", AuditReport.Limits);
        _json.WriteEndObject();
    }

    public override async Task LostAsync(
        long common, long size, IAsyncEnumerable<LostJob> jobs, IAsyncEnumerable<LostErasure> erasures,
        IAsyncEnumerable<LostForgetting> forgettings)
    {
        _failed = true;
        _json.WriteStartObject("lost");
        _json.WriteNumber("commonLeaves", common);
        _json.WriteNumber("mirrorLeaves", size);
        _json.WriteStartArray("jobs");
        await foreach (var job in jobs)
        {
            _json.WriteStartObject();
            _json.WriteString("job", job.Job);
            _json.WriteString("bot", job.Bot);
            _json.WriteString("client", job.Client);
            _json.WriteString("submittedAt", Instant.Text(job.SubmittedAt));
            _json.WriteString("toDo", "its client must submit it again");
            _json.WriteEndObject();
            Flush(FlushAt);
        }
        _json.WriteEndArray();
        _json.WriteStartArray("conversations");
        await foreach (var erasure in erasures)
        {
            _json.WriteStartObject();
            _json.WriteString("job", erasure.Job);
            _json.WriteNumber("ordinal", erasure.Ordinal);
            _json.WriteBase64String("commitment", erasure.Commitment);
            _json.WriteString("conversationId", erasure.ConversationId);
            _json.WriteString("toDo", erasure.ToDo);
            _json.WriteEndObject();
            Flush(FlushAt);
        }
        _json.WriteEndArray();
        _json.WriteStartArray("forgotten");
        await foreach (var forgetting in forgettings)
        {
            _json.WriteStartObject();
            _json.WriteString("job", forgetting.Job);
            _json.WriteString("bot", forgetting.Bot);
            _json.WriteString("forgottenAt", Instant.Text(forgetting.ForgottenAt));
            _json.WriteString("toDo", forgetting.ToDo);
            _json.WriteEndObject();
            Flush(FlushAt);
        }
        _json.WriteEndArray();
        _json.WriteEndObject();
        _failed = false;
    }

    /// <summary>Ends the object; what an exception cut short is left as it is.</summary>
    public override void Dispose()
    {
        if (!_failed && _json.BytesCommitted + _json.BytesPending > 1)
        {
            _json.WriteEndObject();
            Flush(0);
            _output.WriteLine();
        }
        _json.Dispose();
        base.Dispose();
    }

    private void Write(Finding finding)
    {
        _json.WriteStartObject();
        _json.WriteString("kind", JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Kind.ToString()));
        _json.WriteString("where", finding.Where);
        _json.WriteString("expected", finding.Expected);
        _json.WriteString("found", finding.Found);
        _json.WriteString("meaning", finding.Meaning);
        _json.WriteNumber("more", finding.More);
        _json.WriteEndObject();
    }

    private void WriteTexts(string name, IReadOnlyList<string> texts)
    {
        _json.WriteStartArray(name);
        foreach (var text in texts)
            _json.WriteStringValue(text);
        _json.WriteEndArray();
    }

    private void Flush(int atLeast)
    {
        if (_json.BytesPending + _buffer.WrittenCount < atLeast)
            return;
        _json.Flush();
        _output.Write(Encoding.UTF8.GetString(_buffer.WrittenSpan));
        _buffer.ResetWrittenCount();
    }
}
