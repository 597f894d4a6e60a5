namespace Ledger.Web;

/// <summary>Answers that several endpoints share.</summary>
internal static class Refusals
{
    /// <summary>The answer for an unknown job. It is the same for a job that never was, a job of another bot, and a text that is no job
    /// id.</summary>
    public static ErrorAnswer UnknownJob { get; } = new(404, "there is no such job");

    /// <summary>The answer for an unknown legal hold, as for an unknown job.</summary>
    public static ErrorAnswer UnknownHold { get; } = new(404, "there is no such legal hold");

    public static ErrorAnswer NotJson { get; } =
        new(415, "Content-Type must be application/json; the only charset is UTF-8, and the body must not be compressed");

    public static ErrorAnswer BodyTooLarge { get; } = new(413, $"the body must have at most {Contracts.Limits.BodyBytes} bytes");

    public static ErrorAnswer TooMany(int secondsToWait) =>
        new(429, $"too many requests: repeat this one in {secondsToWait} s", secondsToWait);
}
