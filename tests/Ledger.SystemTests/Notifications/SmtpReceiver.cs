using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Ledger.Database.Embedded;

namespace Ledger.SystemTests.Notifications;

/// <summary>A mail as the receiving server saw it, read by a parser that is not ours.</summary>
public sealed record ReceivedMail(
    string From, IReadOnlyList<string> To, bool Tls, string? User, IReadOnlyDictionary<string, string> Headers, string Type,
    IReadOnlyList<ReceivedPart> Parts, IReadOnlyList<string> Defects)
{
    public string MessageId => Headers.Single(header => header.Key.Equals("Message-ID", StringComparison.OrdinalIgnoreCase)).Value;

    public string Text(string type) => Parts.Single(part => part.Type == type).Text;
}

public sealed record ReceivedPart(string Type, string Text);

/// <summary>Debian's python3-aiosmtpd on a port of 127.0.0.1, which can be absent for a while.</summary>
public sealed class SmtpReceiver : IAsyncDisposable
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);
    private static readonly Lazy<string?> s_python = new(() => new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(HasAiosmtpd));

    private readonly string _folder = Directory.CreateTempSubdirectory("ledger-smtp-").FullName;
    private Process? _process;

    public SmtpReceiver() => Requires.That(s_python.Value is not null, "aiosmtpd (Debian's package python3-aiosmtpd)");

    public int Port { get; } = LoopbackPort.Free();

    /// <summary>With a certificate, STARTTLS is required, or with <see cref="Smtps"/> TLS from the first byte.</summary>
    public string? Certificate { get; init; }

    public bool Smtps { get; init; }

    /// <summary><c>user:password</c></summary>
    public string? Login { get; init; }

    /// <summary>The one AUTH mechanism that is offered; null: PLAIN and LOGIN are.</summary>
    public string? Mechanism { get; init; }

    /// <summary>What has arrived, in order.</summary>
    public IReadOnlyList<ReceivedMail> Mails =>
        [
            .. Directory
                .EnumerateFiles(_folder, "*.json")
                .Order(StringComparer.Ordinal)
                .Select(file => JsonSerializer.Deserialize<ReceivedMail>(File.ReadAllText(file), s_json)!),
        ];

    public static async Task<SmtpReceiver> StartAsync()
    {
        var receiver = new SmtpReceiver();
        await receiver.ListenAsync();
        return receiver;
    }

    /// <summary>What arrived until now is gone.</summary>
    public void Forget()
    {
        foreach (var file in Directory.EnumerateFiles(_folder, "*.json"))
            File.Delete(file);
    }

    /// <summary>Makes a certificate for localhost, with its key, that only who is told to trusts.</summary>
    /// <returns>The file.</returns>
    public static string MakeCertificate(string folder)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddHours(1));
        var file = Path.Combine(folder, "certificate.pem");
        File.WriteAllText(file, certificate.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return file;
    }

    public async Task ListenAsync()
    {
        var start = new ProcessStartInfo(
            s_python.Value!,
            [Path.Combine(AppContext.BaseDirectory, "Notifications", "smtp_receiver.py"), "--folder", _folder, "--port", $"{Port}"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        foreach (var (option, value) in new[] { ("--certificate", Certificate), ("--login", Login), ("--mechanism", Mechanism) })
        {
            if (value is null)
                continue;
            start.ArgumentList.Add(option);
            start.ArgumentList.Add(value);
        }
        if (Smtps)
            start.ArgumentList.Add("--smtps");
        _process = Process.Start(start)!;
        Assert.Equal("listening", await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience.Limit, TimeProvider.System));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static bool HasAiosmtpd(string python)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(python, ["-c", "import aiosmtpd"]) { UseShellExecute = false, RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>One receiver a class, whose tests come one after the other.</summary>
public sealed class SharedReceiver : IAsyncLifetime
{
    private readonly Once<SmtpReceiver> _receiver = new(SmtpReceiver.StartAsync);

    /// <summary>Nothing has arrived yet.</summary>
    public async Task<SmtpReceiver> EmptyAsync()
    {
        var receiver = await _receiver.Value;
        receiver.Forget();
        return receiver;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _receiver.DisposeAsync();
}
