using System.Net;
using System.Net.Sockets;
using System.Text;
using Ledger.Notifications;
using Ledger.Notifications.Mail;
using MailKit.Security;
using MimeKit;

namespace Ledger.Tests.Notifications;

/// <summary>What is no proper mail server gets no mail, and nobody waits for it.</summary>
public sealed class MailSubmissionTests
{
    private const string Greeting = "220 hello\r\n";

    [Theory]
    [InlineData(true, "220 hello\r\n", "250-hello\r\n250 STARTTLS\r\n", "220 go\r\n250 slipped in before the encryption\r\n")]
    [InlineData(false, "HTTP/1.1 400 Bad Request\r\n")]
    [InlineData(false, "220 hello\r\n", "250-hello\r\n")]
    [InlineData(false, "22")]
    public async Task Who_breaks_off_or_does_not_speak_SMTP_is_told_neither_sender_nor_password(bool startTls, params string[] turns)
    {
        using var server = new ScriptedServer(turns);
        var encryption = startTls ? SecureSocketOptions.StartTls : SecureSocketOptions.None;
        var failed = await SubmitAsync(server.Address with { Encryption = encryption, User = "ada", Password = "secret" });
        Assert.Contains(startTls ? " TLS " : "the mail server broke off, or does not speak SMTP", failed.Problem, StringComparison.Ordinal);
        Assert.False(failed.IsFinal);
        // Behind STARTTLS come the bytes of a TLS handshake, which name nobody.
        var heard = await server.Heard;
        var clear = startTls ? heard[..(heard.IndexOf("STARTTLS\r\n", StringComparison.Ordinal) + 10)] : heard;
        Assert.All(
            clear.Split("\r\n", StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches(@"^(EHLO \[127.0.0.1\]|STARTTLS)$", line));
        foreach (var secret in new[] { "ada", "secret", "example.com" })
            Assert.DoesNotContain(secret, heard, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("421 closing\r\n", "the mail server takes no mail at the moment (421)")]
    [InlineData("550 5.1.1 you@example.com is not welcome\r\n", "the mail server takes no mail at the moment (550 5.1.1)")]
    [InlineData("220 hello\r\n|250 SIZE\r\n", "the mail server offers no way to log in with a password (AUTH PLAIN or LOGIN)")]
    [InlineData("220 hello\r\n|250-x\r\n250 AUTH CRAM-MD5\r\n",
        "the mail server offers no way to log in with a password (AUTH PLAIN or LOGIN)")]
    [InlineData("220 hello\r\n|250-x\r\n250 auth scram-sha-256 plain\r\n|454 later\r\n",
        "the mail server refused the user or password (454)")]
    [InlineData("220 hello\r\n|250-x\r\n250 AUTH PLAIN\r\n|535 5.7.8 not you@example.com\r\n",
        "the mail server refused the user or password (535 5.7.8)")]
    [InlineData("220 hello\r\n|250-x\r\n250 AUTH PLAIN\r\n|534 5.7.9 too weak\r\n", "the mail server refused the user or password")]
    public async Task A_refusal_is_told_in_words_of_our_own(string turns, string problem)
    {
        using var server = new ScriptedServer(turns.Split('|'));
        var failed = await SubmitAsync(server.Address with { User = "ada", Password = "secret" });
        Assert.Equal((problem, false), (failed.Problem, failed.IsFinal));
    }

    [Fact]
    public async Task Without_the_STARTTLS_that_is_required_nothing_is_sent()
    {
        using var server = new ScriptedServer(Greeting, "250 SIZE\r\n");
        var failed = await SubmitAsync(server.Address with { Encryption = SecureSocketOptions.StartTls });
        Assert.Equal("the mail server offers no STARTTLS, which is required", failed.Problem);
        Assert.Equal("EHLO [127.0.0.1]\r\n", await server.Heard);
    }

    [Fact]
    public async Task A_reply_without_an_end_is_left()
    {
        using var server = new ScriptedServer(Greeting, string.Concat(Enumerable.Repeat($"250-{new string('x', 4000)}\r\n", 100)));
        Assert.Equal("the mail server broke off, or does not speak SMTP", (await SubmitAsync(server.Address)).Problem);
    }

    [Theory]
    [InlineData(SecureSocketOptions.None)]
    [InlineData(SecureSocketOptions.SslOnConnect)]
    [InlineData(SecureSocketOptions.None, Greeting)]
    [InlineData(SecureSocketOptions.StartTls, Greeting, "250 STARTTLS\r\n", "220 go\r\n")]
    [InlineData(SecureSocketOptions.None, Greeting, "250 PIPELINING\r\n")]
    [InlineData(SecureSocketOptions.None, Greeting, "250 SIZE\r\n", "250 ok\r\n", "250 ok\r\n")]
    [InlineData(SecureSocketOptions.None, Greeting, "250 SIZE\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n")]
    public async Task A_server_that_falls_silent_holds_nobody_in_any_phase(SecureSocketOptions encryption, params string[] turns)
    {
        using var server = new ScriptedServer(turns) { FallsSilent = true };
        using var deadline = new CancellationTokenSource();
        var submission = MailSubmission.SubmitAsync(server.Address with { Encryption = encryption }, Mail(), deadline.Token);
        await server.Silent;
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => submission);
    }

    [Fact]
    public async Task A_mail_that_was_taken_is_sent_whatever_follows()
    {
        using var server = new ScriptedServer(Greeting, "250 SIZE\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n", "250 taken\r\n");
        Assert.IsType<SendResult.Sent>(await MailSubmission.SubmitAsync(server.Address, Mail(), CancellationToken.None));
    }

    [Fact]
    public async Task A_domain_goes_by_its_ASCII_name_also_to_a_server_that_takes_others()
    {
        using var server = new ScriptedServer(
            Greeting, "250-SMTPUTF8\r\n250 8BITMIME\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n", "250 taken\r\n");
        await MailSubmission.SubmitAsync(server.Address, Mail("owner@xn--bcher-kva.example"), CancellationToken.None);
        var heard = await server.Heard;
        Assert.Contains("MAIL FROM:<a@example.com>\r\nRCPT TO:<owner@xn--bcher-kva.example>\r\n", heard, StringComparison.Ordinal);
        Assert.Contains("To: owner@xn--bcher-kva.example\r\n", heard, StringComparison.Ordinal);
    }

    private static async Task<SendResult.Failed> SubmitAsync(SmtpServer server) =>
        Assert.IsType<SendResult.Failed>(await MailSubmission.SubmitAsync(server, Mail(), CancellationToken.None));

    private static MimeMessage Mail(string to = "b@example.com") => new(
        [new MailboxAddress("", "a@example.com")], [new MailboxAddress("", to)], "x", new TextPart("plain") { Text = "y\r\n" });

    /// <summary>Says the first turn at once, and each other one after something was heard; then it closes, or says nothing.</summary>
    private sealed class ScriptedServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource _silent = new();
        private readonly string[] _turns;

        public ScriptedServer(params string[] turns)
        {
            _turns = turns;
            _listener.Start();
            Heard = PlayAsync();
        }

        public bool FallsSilent { get; init; }

        public SmtpServer Address => new("127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port, SecureSocketOptions.None);

        /// <summary>All that came, when the other side has closed.</summary>
        public Task<string> Heard { get; }

        /// <summary>Nothing more is said. Where something was, it was answered.</summary>
        public Task Silent => _silent.Task;

        public void Dispose() => _listener.Dispose();

        private async Task<string> PlayAsync()
        {
            using var client = await _listener.AcceptSocketAsync();
            var heard = "";
            foreach (var (index, turn) in _turns.Index())
            {
                if (index > 0)
                    heard += await HearAsync(client, turn);
                await client.SendAsync(Encoding.ASCII.GetBytes(turn));
            }
            if (FallsSilent)
            {
                if (_turns.Length > 0)
                    heard += await SomeAsync(client);
                _silent.SetResult();
            }
            else
            {
                client.Shutdown(SocketShutdown.Send);
            }
            while (await SomeAsync(client) is { Length: > 0 } more)
                heard += more;
            return heard;
        }

        /// <summary>A line, or where the turn answers a mail's content, all of that.</summary>
        private static async Task<string> HearAsync(Socket client, string turn)
        {
            var end = turn.StartsWith("250 taken", StringComparison.Ordinal) ? "\r\n.\r\n" : "\r\n";
            var heard = "";
            while (!heard.EndsWith(end, StringComparison.Ordinal))
            {
                var some = await SomeAsync(client);
                if (some.Length == 0)
                    break;
                heard += some;
            }
            return heard;
        }

        private static async Task<string> SomeAsync(Socket client)
        {
            var buffer = new byte[4096];
            try
            {
                return Encoding.Latin1.GetString(buffer, 0, await client.ReceiveAsync(buffer));
            }
            catch (SocketException)
            {
                return ""; // the other side broke the connection off
            }
        }
    }
}
