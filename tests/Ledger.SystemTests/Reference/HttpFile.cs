using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ledger.SystemTests.Reference;

/// <summary>
/// A file of requests/, as editors run it: <c>@name = value</c>, requests between lines of <c>###</c>, <c>{{name}}</c> and
/// <c>{{request.response.body.$.member}}</c>.
/// </summary>
internal sealed partial class HttpFile
{
    private readonly Dictionary<string, string> _variables = [];
    private readonly Dictionary<string, JsonElement> _answers = [];

    /// <param name="text">The file.</param>
    /// <param name="real">Variables that take the place of the file's.</param>
    public HttpFile(string text, IReadOnlyDictionary<string, string> real)
    {
        var parts = Separator().Split(text.ReplaceLineEndings("\n"));
        foreach (var line in parts[0].Split('\n').Where(line => line.StartsWith('@')))
        {
            var (name, value) = (line[1..line.IndexOf('=')].Trim(), line[(line.IndexOf('=') + 1)..].Trim());
            _variables[name] = real.GetValueOrDefault(name, value);
        }
        Requests = [.. parts.Skip(1).Select(Parse)];
    }

    public IReadOnlyList<HttpFileRequest> Requests { get; }

    public HttpRequestMessage Message(HttpFileRequest request)
    {
        var (method, address) = (request.Line.Split(' ', 2)[0], Filled(request.Line.Split(' ', 2)[1]));
        var message = new HttpRequestMessage(new HttpMethod(method), address);
        if (request.Body.Length > 0)
            message.Content = new StringContent(Filled(request.Body), Encoding.UTF8, "application/json");
        foreach (var header in request.Headers.Select(header => header.Split(':', 2)).Where(header => header[0] != "Content-Type"))
            message.Headers.Add(header[0], Filled(header[1].Trim()));
        return message;
    }

    /// <summary>What later requests may refer to.</summary>
    public void Keep(HttpFileRequest request, string answer)
    {
        if (request.Name is { } name)
            _answers[name] = JsonDocument.Parse(answer).RootElement;
    }

    private string Filled(string text) =>
        Variable()
            .Replace(
                text,
                match =>
                {
                    var name = match.Groups["name"].Value.Trim();
                    if (_variables.TryGetValue(name, out var value))
                        return Filled(value);
                    var parts = name.Split(".response.body.$");
                    return parts.Length == 2 && _answers.TryGetValue(parts[0], out var answer)
                        ? parts[1]
                            .Split(['.', '[', ']'], StringSplitOptions.RemoveEmptyEntries)
                            .Aggregate(
                                answer,
                                (at, member) => at.ValueKind == JsonValueKind.Array ? at[int.Parse(member)] : at.GetProperty(member))
                            .ToString()
                        : throw new InvalidOperationException($"{name} is not known");
                }
            );

    private static HttpFileRequest Parse(string part)
    {
        var lines = part.Split('\n').ToList();
        var begin = lines.FindIndex(1, line => line.Length > 0 && !line.StartsWith('#'));
        var end = lines.FindIndex(begin, line => line.Length == 0);
        var comments = lines[1..begin];
        var expected = comments.Select(line => Expected().Match(line)).Single(match => match.Success);
        var name = comments.Find(line => line.StartsWith("# @name ", StringComparison.Ordinal))?["# @name ".Length..].Trim();
        return new HttpFileRequest(
            lines[0].Trim(), name, lines[begin], lines[(begin + 1)..end], string.Join('\n', lines[end..]).Trim(),
            [.. expected.Groups["meanwhile"].Captures.Select(status => int.Parse(status.Value))],
            int.Parse(expected.Groups["status"].Value));
    }

    [GeneratedRegex("^###", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"\{\{(?<name>[^}]+)\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();

    [GeneratedRegex(
        "^# -> ((?<meanwhile>[0-9]{3})( or (?<meanwhile>[0-9]{3}))*, then )?(?<status>[0-9]{3})$", RegexOptions.ExplicitCapture)]
    private static partial Regex Expected();
}

/// <param name="Title">Behind the <c>###</c>.</param>
/// <param name="Name">What later requests call it.</param>
/// <param name="Line">Method and address.</param>
/// <param name="Headers">As lines.</param>
/// <param name="Body">Empty: none.</param>
/// <param name="Meanwhile">What it may be answered until it is <paramref name="Status"/>.</param>
/// <param name="Status">What it is answered in the end.</param>
internal sealed record HttpFileRequest(
    string Title, string? Name, string Line, IReadOnlyList<string> Headers, string Body, IReadOnlyList<int> Meanwhile, int Status);
