using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Ledger.Jobs;

/// <summary>A text that is always a name from one of these enums, as it is stored.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ValuesOfAttribute(params Type[] enums) : Attribute
{
    /// <summary>The names, in the order of the enums.</summary>
    public IEnumerable<JsonNode?> Names() =>
        from type in enums
        from value in type.GetFields(BindingFlags.Public | BindingFlags.Static)
        select (JsonNode?)value.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name;
}
