using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledger.Notifications;

namespace Ledger.Tests.Notifications;

/// <summary>What is no proper mail server gets no mail.</summary>
public sealed class SmtpSessionTests
{
    [Theory]
    [InlineData(true, "220 hello\r\n", "250-hello\r\n250 STARTTLS\r\n", "220 go\r\n250 slipped in before the encryption\r\n")]
    [InlineData(false, "HTTP/1.1 400 Bad Request\r\n")]
    [InlineData(false, "220 hello\r\n", "250-hello\r\n")]
    [InlineData(false, "22")]
    public async Task Who_breaks_off_or_does_not_speak_SMTP_is_told_neither_sender_nor_password(bool startTls, params string[] turns)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heard = PlayAsync(listener, turns);
        var server = new SmtpServer("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, startTls, "ada", "secret");
        await Assert.ThrowsAsync<IOException>(() => SmtpSession.SubmitAsync(server, "a@example.com", "b@example.com", "Subject: x\r\n\r\n", CancellationToken.None));
        Assert.All((await heard).Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^(EHLO \\[127.0.0.1\\]|STARTTLS)$", line));
    }

    [Theory]
    [InlineData("421 closing\r\n", "the mail server takes no mail at the moment (421)")]
    [InlineData("220 hello\r\n|250 SIZE\r\n", "the mail server offers no way to log in with a password (AUTH PLAIN or LOGIN)")]
    [InlineData("220 hello\r\n|250-x\r\n250 auth scram-sha-256 plain\r\n|454 later\r\n", "the mail server refused the user or password (454)")]
    public async Task A_refusal_is_told_in_words_of_our_own(string turns, string problem)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var heard = PlayAsync(listener, turns.Split('|'));
        var server = new SmtpServer("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port, UsesStartTls: false, "ada", "secret");
        var refusal = await Assert.ThrowsAsync<SmtpRefusal>(() => SmtpSession.SubmitAsync(server, "a@example.com", "b@example.com", "Subject: x\r\n\r\n", CancellationToken.None));
        Assert.Equal((problem, false), (refusal.Message, refusal.IsFinal));
        await heard;
    }

    /// <summary>Says the first at once, and each other one after a line was heard; then nothing more.</summary>
    private static async Task<string> PlayAsync(TcpListener listener, string[] turns)
    {
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream());
        var heard = "";
        foreach (var (index, turn) in turns.Index())
        {
            if (index > 0)
                heard += await reader.ReadLineAsync() + "\n";
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(turn));
        }
        client.Client.Shutdown(SocketShutdown.Send);
        return heard + await reader.ReadToEndAsync();
    }
}
