using System.Globalization;
using Quartz;

namespace Ledger.Scheduling;

/// <summary>
/// A lane: a durable Quartz job of which the cluster runs one firing at a time, and which another node runs again if this one dies in it.
/// The store holds of it the window's name and the lane's number, nothing else.
/// </summary>
[DisallowConcurrentExecution]
internal sealed class LaneJob(Slice slice, ILogger logger) : IJob
{
    private const string GroupPrefix = "window:";
    private const string WindowKey = "window";
    private const string LaneKey = "lane";

    /// <summary>Matches the groups of all windows.</summary>
    public static string AllGroups => GroupPrefix;

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        // The job's own data, not the merged map: a recovery trigger's data is not ours to read.
        var data = context.JobDetail.JobDataMap;
        var window = data.GetString(WindowKey)!;
        var lane = int.Parse(data.GetString(LaneKey)!, CultureInfo.InvariantCulture);
        try
        {
            await slice(window, lane, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node stops; what was committed stays, and the lane's next firing goes on from there.
        }
        catch (Exception e)
        {
            // Never thrown on: Quartz would log the message, which may carry an identifier. The lane fires again after PollInterval.
            logger.LogError("A slice of window {Window}, lane {Lane}, failed and is fired again: {Failure}", window, lane, Failure.Describe(e));
        }
    }

    public static string GroupOf(string window) => GroupPrefix + window;

    public static string WindowOf(JobKey lane) => lane.Group[GroupPrefix.Length..];

    public static JobKey KeyOf(string window, int lane) => new($"lane-{lane}", GroupOf(window));

    public static IJobDetail Of(string window, int lane) => JobBuilder.Create<LaneJob>()
        .WithIdentity(KeyOf(window, lane))
        .UsingJobData(WindowKey, window)
        .UsingJobData(LaneKey, lane.ToString(CultureInfo.InvariantCulture))
        .StoreDurably()
        .RequestRecovery()
        .Build();
}
