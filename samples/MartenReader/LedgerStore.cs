using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Ledger.Contracts;
using Ledger.Projections;
using Ledger.Projections.Status;
using Marten;
using Weasel.Core;

namespace MartenReader;

/// <summary>The configuration of a Marten store of one's own on a ledger's database.</summary>
internal static class LedgerStore
{
    /// <summary>docs/marten.md has the same ten lines, and says why each is as it is.</summary>
    /// <param name="options">Of the store.</param>
    /// <param name="connection">As a member of <c>ledger_reader</c>.</param>
    public static void Configure(StoreOptions options, string connection)
    {
        options.Connection(connection);
        options.DatabaseSchemaName = "ledger";
        options.AutoCreateSchemaObjects = AutoCreate.None;
        options.Events.AppendMode = EventAppendMode.QuickWithServerTimestamps;
        options.Events.UseExclusiveLockOnConcurrentAppends = true;
        options.Events.AutoDiscoverTagTypes = false;
        foreach (var type in EventType.All) options.Events.MapEventType(type.ClrType, type.Name);
        options.UseSystemTextJsonForSerialization(Json, EnumStorage.AsString, Casing.CamelCase);
        options.Schema.For<JobStatus>().Identity(status => status.JobId).UseNumericRevisions(true);
        options.Projections.Add(new JobStatusProjection(), ProjectionLifecycle.Live);
    }

    private static JsonSerializerOptions Json => new(LedgerJson.Facts.Options)
    {
        TypeInfoResolverChain = { DocumentJson.Default, new DefaultJsonTypeInfoResolver() },
    };
}
