using System.Text.Json;
using Ledger.Contracts;
using Ledger.Holds;
using Ledger.Jobs;
using Ledger.Web;

namespace Ledger.Api.LegalHolds;

/// <summary>
/// The body that places a legal hold. Its identifiers have the rules of a submission's: see <see cref="DeletionRequestMembers"/>.
/// </summary>
/// <param name="Held">Null if there is a problem.</param>
/// <param name="Reason">The reason, which is recorded for ever.</param>
/// <param name="Until">The instant at which the hold ends by itself. Null if it was not sent.</param>
/// <param name="Problems">One entry for each problem found. None quotes the body.</param>
internal sealed record LegalHoldRequest(HeldIdentifiers? Held, string Reason, DateTimeOffset? Until, IReadOnlyList<string> Problems)
{
    internal const string UntilRule = "must be an instant in the future with Z or an offset, like 2027-01-31T23:00:00Z";

    internal static readonly string[] Names = ["conversationIds", "cId", "reason", "until"];

    /// <summary>The type's name only: the ids are personal data.</summary>
    public override string ToString() => nameof(LegalHoldRequest);

    /// <param name="body">The bytes as received.</param>
    /// <param name="now">The instant of the request.</param>
    public static LegalHoldRequest Parse(ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (DeletionRequestParser.NotAnObject(body) is { } problem)
            return Invalid([problem]);
        var members = new Members(now);
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Limits.BodyBytes + 1 });
            members.Read(ref reader);
        }
        catch (JsonException malformed)
        {
            return Invalid([DeletionRequestParser.NotJson(malformed)]);
        }
        return members.Check();
    }

    private static LegalHoldRequest Invalid(IReadOnlyList<string> problems) => new(null, "", null, problems);

    private sealed class Members(DateTimeOffset now)
    {
        private readonly ProblemList _problems = new();
        private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
        private List<string>? _conversationIds;
        private bool _isObject, _hasCId;
        private string? _cId, _reason;
        private DateTimeOffset? _until;

        public void Read(ref Utf8JsonReader reader)
        {
            reader.Read();
            _isObject = reader.TokenType == JsonTokenType.StartObject;
            if (!_isObject)
            {
                _problems.Add("the body must be a JSON object");
                reader.Skip();
            }
            for (var position = 1; _isObject && reader.Read() && reader.TokenType == JsonTokenType.PropertyName; position++)
                ReadMember(ref reader, position);
            reader.Read(); // what follows the value is an error
        }

        public LegalHoldRequest Check()
        {
            if (_isObject && _conversationIds is not null && _hasCId)
                _problems.Add("conversationIds and cId exclude each other: send one of them");
            else if (_isObject && _conversationIds is null && !_hasCId)
                _problems.Add("conversationIds or cId is required");
            if (_isObject && !_seen.Contains("reason"))
                _problems.Add("reason is required");
            return _problems.IsEmpty
                ? new LegalHoldRequest(
                    new HeldIdentifiers(_conversationIds is null ? null : CanonicalRequest.AsSet(_conversationIds), _cId), _reason!, _until,
                    [])
                : Invalid(_problems.Told);
        }

        private void ReadMember(ref Utf8JsonReader reader, int position)
        {
            var name = DeletionRequestMembers.TextOf(ref reader);
            reader.Read();
            if (name is null || !Names.Contains(name))
            {
                var known = Names.FirstOrDefault(known => string.Equals(known, name, StringComparison.OrdinalIgnoreCase));
                _problems.Add(known is null
                    ? $"member {position} is unknown: only conversationIds, cId, reason and until are known"
                    : $"member {position} is {known} in another letter case: write {known}");
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.Null && !_seen.Contains(name))
            {
                // As if absent.
            }
            else if (!_seen.Add(name))
            {
                _problems.Add($"{name} is there more than once");
                reader.Skip();
            }
            else
            {
                ReadKnown(ref reader, name);
            }
        }

        private void ReadKnown(ref Utf8JsonReader reader, string name)
        {
            switch (name)
            {
                case "cId":
                    (_hasCId, _cId) = (true, DeletionRequestMembers.Identifier(ref reader));
                    if (_cId is null)
                        _problems.Add($"cId {DeletionRequestMembers.IdentifierRule}");
                    break;
                case "conversationIds":
                    _conversationIds = DeletionRequestMembers.ReadConversationIds(ref reader, _problems);
                    break;
                case "reason":
                    _reason = Text(ref reader);
                    if (_reason is null || !HoldRequest.IsReason(_reason))
                        _problems.Add($"reason {HoldRequest.ReasonRule}");
                    break;
                default:
                    var text = Text(ref reader);
                    _until = text?.Contains('T') is true ? SentInstant.Read(text, isStart: false) : null;
                    if (_until is null || _until <= now)
                        _problems.Add($"until {UntilRule}");
                    break;
            }
        }

        private static string? Text(ref Utf8JsonReader reader)
        {
            if (reader.TokenType == JsonTokenType.String)
                return DeletionRequestMembers.TextOf(ref reader);
            reader.Skip();
            return null;
        }
    }
}
