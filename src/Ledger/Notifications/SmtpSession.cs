using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Ledger.Notifications;

/// <summary>
/// Hands one mail to a server: RFC 5321, with STARTTLS (RFC 3207) and AUTH PLAIN or LOGIN (RFC 4954). Not System.Net.Mail's client: that knows no PLAIN,
/// which is all that many servers offer, and writes LOGIN in small letters, which strict ones refuse.
/// </summary>
internal sealed class SmtpSession : IAsyncDisposable
{
    /// <summary>RFC 5321 §4.5.3.1.5 allows 512 bytes a line of a reply.</summary>
    private const int LongestLine = 4096;

    private const int MostLines = 100;

    private readonly string _name;
    private Stream _stream;
    private PipeReader _replies;

    private SmtpSession(Socket socket)
    {
        _stream = new NetworkStream(socket, ownsSocket: false);
        _replies = Replies(_stream);
        _name = Literal(((IPEndPoint)socket.LocalEndPoint!).Address);
    }

    /// <param name="server">Where to.</param>
    /// <param name="from">The sender's address, ASCII.</param>
    /// <param name="to">The recipient's address, ASCII.</param>
    /// <param name="mail">The message, ASCII, its lines ended by CR LF.</param>
    /// <param name="cancel">Breaks off; the server may have taken the mail all the same.</param>
    /// <exception cref="SmtpRefusal">The server does not take it.</exception>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The server's certificate is not trusted, or not this host's.</exception>
    /// <exception cref="IOException">The connection broke, or the other side does not speak SMTP.</exception>
    public static async Task SubmitAsync(SmtpServer server, string from, string to, string mail, CancellationToken cancel)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Host, server.Port, cancel);
        await using var session = new SmtpSession(socket);
        Require(await session.ReplyAsync(cancel), 220, "the mail server takes no mail at the moment");
        var offers = await session.GreetAsync(cancel);
        if (server.UsesStartTls)
            offers = await session.EncryptAsync(server.Host, offers, cancel);
        if (server is { User: { } user, Password: { } password })
            await session.LogInAsync(user, password, offers, cancel);
        await session.SendAsync(from, to, mail, cancel);
        try
        {
            await session.CallAsync("QUIT", cancel);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The mail is the server's already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _replies.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private async Task SendAsync(string from, string to, string mail, CancellationToken cancel)
    {
        var sender = await CallAsync($"MAIL FROM:<{from}>", cancel);
        if (sender.Code is 530 or 538)
            throw new SmtpRefusal($"the mail server wants a user and password, or STARTTLS ({sender.Code})");
        Require(sender, 250, "the mail server refused the sender");
        var recipient = await CallAsync($"RCPT TO:<{to}>", cancel);
        // RFC 5321 §4.2.1: 5yz is for good. What concerns this recipient alone is given up at once; what may be the server's or the settings' fault is tried again.
        if (recipient.Code >= 500)
            throw new SmtpRefusal($"the mail server refused the recipient ({recipient.Code})", isFinal: true);
        if (recipient.Code is not (250 or 251))
            throw new SmtpRefusal($"the mail server does not take mail for the recipient at the moment ({recipient.Code})");
        Require(await CallAsync("DATA", cancel), 354, "the mail server did not take the mail");
        // RFC 5321 §4.5.2: a full stop that begins a line is doubled, one alone on a line ends the mail.
        Require(await CallAsync($"{mail.Replace("\r\n.", "\r\n..", StringComparison.Ordinal)}.", cancel), 250, "the mail server did not take the mail");
    }

    /// <returns>What the server offers, a line each.</returns>
    private async Task<IReadOnlyList<string>> GreetAsync(CancellationToken cancel)
    {
        var reply = await CallAsync($"EHLO {_name}", cancel);
        Require(reply, 250, "the mail server refused the greeting");
        return reply.Lines;
    }

    private async Task<IReadOnlyList<string>> EncryptAsync(string host, IReadOnlyList<string> offers, CancellationToken cancel)
    {
        if (!offers.Contains("STARTTLS", StringComparer.OrdinalIgnoreCase))
            throw new SmtpRefusal("the mail server offers no STARTTLS, which is required");
        Require(await CallAsync("STARTTLS", cancel), 220, "the mail server refused STARTTLS");
        // RFC 3207 §6: whatever somebody slipped in before the encryption must not pass for the server's word in it.
        if (_replies.TryRead(out var early) && !early.Buffer.IsEmpty)
            throw new IOException("the mail server spoke before its connection was encrypted");
        var encrypted = new SslStream(_stream);
        _stream = encrypted;
        await encrypted.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, cancel);
        _replies = Replies(encrypted);
        return await GreetAsync(cancel); // §4.2: what was offered before does not count
    }

    private async Task LogInAsync(string user, string password, IReadOnlyList<string> offers, CancellationToken cancel)
    {
        var mechanisms = offers.Where(offer => offer.StartsWith("AUTH ", StringComparison.OrdinalIgnoreCase)).SelectMany(offer => offer.ToUpperInvariant().Split(' ')).ToHashSet();
        Reply reply;
        if (mechanisms.Contains("PLAIN"))
        {
            reply = await CallAsync($"AUTH PLAIN {Base64($"\0{user}\0{password}")}", cancel); // RFC 4616
        }
        else if (mechanisms.Contains("LOGIN"))
        {
            reply = await CallAsync("AUTH LOGIN", cancel);
            foreach (var answer in new[] { user, password })
                reply = reply.Code == 334 ? await CallAsync(Base64(answer), cancel) : reply;
        }
        else
        {
            throw new SmtpRefusal("the mail server offers no way to log in with a password (AUTH PLAIN or LOGIN)");
        }
        Require(reply, 235, "the mail server refused the user or password");
    }

    private async Task<Reply> CallAsync(string line, CancellationToken cancel)
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes($"{line}\r\n"), cancel);
        await _stream.FlushAsync(cancel);
        return await ReplyAsync(cancel);
    }

    /// <summary>RFC 5321 §4.2: a code on each line, and a hyphen after it on all but the last.</summary>
    private async Task<Reply> ReplyAsync(CancellationToken cancel)
    {
        var lines = new List<string>();
        while (lines.Count < MostLines)
        {
            var line = await LineAsync(cancel);
            if (line.Length < 3 || !int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                break;
            lines.Add(line.Length > 4 ? line[4..] : "");
            if (line.Length == 3 || line[3] != '-')
                return new Reply(code, lines);
        }
        throw new IOException("this is no SMTP");
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        while (true)
        {
            var read = await _replies.ReadAsync(cancel);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.ASCII.GetString(read.Buffer.Slice(0, end)).TrimEnd('\r');
                _replies.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }
            if (read.IsCompleted || read.Buffer.Length > LongestLine)
                throw new IOException("the connection ended within a line, or the line does not end");
            _replies.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static PipeReader Replies(Stream stream) => PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));

    /// <summary>RFC 5321 §4.1.3: what this machine is called where it needs no name.</summary>
    private static string Literal(IPAddress address) => address switch
    {
        { IsIPv4MappedToIPv6: true } => $"[{address.MapToIPv4()}]",
        { AddressFamily: AddressFamily.InterNetworkV6 } => $"[IPv6:{new IPAddress(address.GetAddressBytes())}]", // without its zone
        _ => $"[{address}]",
    };

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static void Require(Reply reply, int code, string problem)
    {
        if (reply.Code != code)
            throw new SmtpRefusal($"{problem} ({reply.Code})");
    }

    private sealed record Reply(int Code, IReadOnlyList<string> Lines);
}

/// <summary>The mail server does not take a mail. Of what it said the message has only the code: its words may quote anything.</summary>
internal sealed class SmtpRefusal(string problem, bool isFinal = false) : Exception(problem)
{
    /// <summary>Repeating it cannot help.</summary>
    public bool IsFinal => isFinal;
}
