using System.Text.Json;
using Ledger.Contracts;
using Ledger.Web;

namespace Ledger.Api.Cases;

/// <summary>The body <c>{"dueOn","reason"}</c>. Its rules are those of a submission: see <see cref="DeletionRequestParser"/>.</summary>
/// <param name="DueOn">The later deadline.</param>
/// <param name="Reason">The client's words for the reason.</param>
/// <param name="Problems">One entry for each problem found. None quotes the body. If there is one, the rest does not count.</param>
internal sealed record DeadlineExtensionRequest(DateOnly DueOn, string Reason, IReadOnlyList<string> Problems)
{
    internal const string ReasonMember = "reason";

    private static readonly string[] s_names = [CaseMembers.DueOn, ReasonMember];

    /// <param name="body">The bytes as received.</param>
    public static DeadlineExtensionRequest Parse(ReadOnlySpan<byte> body)
    {
        if (DeletionRequestParser.NotAnObject(body) is { } problem)
            return Refused([problem]);
        var problems = new ProblemList();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Limits.BodyBytes + 1 });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                problems.Add("the body must be a JSON object");
                reader.Skip();
                reader.Read(); // what follows the value is an error
                return Refused(problems.Told);
            }
            var (members, _) = TextMembers.Read(ref reader, s_names, "", problems);
            reader.Read();
            return Check(members, problems);
        }
        catch (JsonException malformed)
        {
            return Refused([DeletionRequestParser.NotJson(malformed)]);
        }
    }

    private static DeadlineExtensionRequest Check(Dictionary<string, string?> members, ProblemList problems)
    {
        foreach (var name in s_names.Where(name => !members.ContainsKey(name)))
            problems.Add($"{name} is required");
        var (day, reason) = (CaseMembers.DayOf(members.GetValueOrDefault(CaseMembers.DueOn)), members.GetValueOrDefault(ReasonMember));
        if (members.ContainsKey(CaseMembers.DueOn) && day is null)
            problems.Add($"{CaseMembers.DueOn} {CaseMembers.DayRule}");
        if (members.ContainsKey(ReasonMember) && (reason is null || !Limits.IsVisible(reason, Limits.ReasonCharacters)))
            problems.Add(
                $"{ReasonMember} must be a string of 1 to {Limits.ReasonCharacters} visible characters, without spaces at its ends");
        return problems.IsEmpty ? new DeadlineExtensionRequest(day!.Value, reason!, []) : Refused(problems.Told);
    }

    private static DeadlineExtensionRequest Refused(IReadOnlyList<string> problems) => new(default, "", problems);
}
