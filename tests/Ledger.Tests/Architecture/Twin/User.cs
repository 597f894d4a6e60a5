namespace Ledger.Tests.Architecture.Twin;

internal abstract class Base;

internal interface IPart;

internal sealed class InField;

internal sealed class InParameter;

internal sealed class InResult;

internal sealed class InArray;

internal sealed class InGeneric;

internal sealed class Named;

internal sealed class Marked;

internal interface IConstraint;

#pragma warning disable RCS1194 // nobody throws it
internal sealed class Thrown : Exception;
#pragma warning restore RCS1194

internal static class Called
{
    public const int Constant = 1;

    public static int Call(object given) => given.GetHashCode();
}

[AttributeUsage(AttributeTargets.Class)]
internal sealed class MarkAttribute(Type type) : Attribute
{
    public Type Type { get; } = type;
}

/// <summary>Uses each of the types above in another way.</summary>
[Mark(typeof(Marked))]
internal sealed class User(object given) : Base, IPart
{
    private readonly InField? _field = given as InField;

    public static InResult? Of(InParameter parameter, InArray[] array, List<InGeneric> generic)
    {
        try
        {
            return Called.Call((parameter, array, generic)) == 0 ? null : new InResult();
        }
        catch (Thrown)
        {
            return null;
        }
    }

    public string Name<T>()
        where T : IConstraint => $"{_field is null} {typeof(T).Name} {new Inner().Of()}";

    private sealed class Inner
    {
        public string Of() => typeof(Named).Name;
    }
}
