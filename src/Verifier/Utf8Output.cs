using System.Text;

namespace Ledger.Verifier;

/// <summary>
/// Makes standard output and error write UTF-8. Otherwise .NET would write in the locale's character set, with '?' for missing
/// characters. A checkpoint's signature lines begin with a dash (U+2014). Without it, the checkpoint would no longer be one.
/// </summary>
internal static class Utf8Output
{
    /// <summary>From here on, of this process. A console of Windows is left alone, which has a character set of its own.</summary>
    public static void Begin()
    {
        if (!OperatingSystem.IsWindows() || Console.IsOutputRedirected)
            Console.SetOut(Writer(Console.OpenStandardOutput()));
        if (!OperatingSystem.IsWindows() || Console.IsErrorRedirected)
            Console.SetError(Writer(new Heedless(StandardError())));
    }

    private static Stream StandardError()
    {
        try
        {
            return Console.OpenStandardError();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Stream.Null; // it was closed by who started this
        }
    }

    private static StreamWriter Writer(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

    /// <summary>A stream that ignores failed writes. A program whose terminal is gone must still come to its end.</summary>
    private sealed class Heedless(Stream stream) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            try
            {
                stream.Write(buffer, offset, count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nobody is there to be told.
            }
        }

        public override void Flush() { }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
