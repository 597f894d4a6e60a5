using Mono.Cecil;

namespace Ledger.Tests.Architecture;

/// <summary>One type uses another of the same assembly. Both are outermost types.</summary>
internal readonly record struct TypeUse(TypeDefinition From, TypeDefinition To)
{
    public override string ToString() => $"{From.FullName} uses {To.FullName}";
}

/// <summary>Reads out of a compiled assembly which of its types use which: in signatures, attributes and code.</summary>
internal static class TypeUses
{
    public static IReadOnlyCollection<TypeUse> Of(ModuleDefinition module)
    {
        var uses = new HashSet<TypeUse>();
        foreach (var type in module.Types)
            new Reader(type, uses).Read(type);
        return uses;
    }

    private sealed class Reader(TypeDefinition outermost, HashSet<TypeUse> uses)
    {
        public void Read(TypeDefinition type)
        {
            Add(type.BaseType);
            foreach (var one in type.Interfaces)
                Add(one.InterfaceType);
            foreach (var parameter in type.GenericParameters)
                Constraints(parameter);
            Attributes(type);
            foreach (var field in type.Fields)
            {
                Add(field.FieldType);
                Attributes(field);
            }
            foreach (var property in type.Properties)
                Attributes(property);
            foreach (var method in type.Methods)
                Read(method);
            foreach (var nested in type.NestedTypes)
                Read(nested);
        }

        private void Read(MethodDefinition method)
        {
            Signature(method);
            Attributes(method);
            foreach (var parameter in method.GenericParameters)
                Constraints(parameter);
            foreach (var parameter in method.Parameters)
                Attributes(parameter);
            if (!method.HasBody)
                return;
            foreach (var variable in method.Body.Variables)
                Add(variable.VariableType);
            foreach (var handler in method.Body.ExceptionHandlers)
                Add(handler.CatchType);
            foreach (var instruction in method.Body.Instructions)
                Operand(instruction.Operand);
        }

        private void Operand(object? operand)
        {
            switch (operand)
            {
                case TypeReference type:
                    Add(type);
                    break;
                case MethodReference method:
                    Add(method.DeclaringType);
                    Signature(method);
                    foreach (var argument in method is GenericInstanceMethod generic ? generic.GenericArguments : [])
                        Add(argument);
                    break;
                case FieldReference field:
                    Add(field.DeclaringType);
                    Add(field.FieldType);
                    break;
            }
        }

        private void Signature(MethodReference method)
        {
            Add(method.ReturnType);
            foreach (var parameter in method.Parameters)
                Add(parameter.ParameterType);
        }

        private void Constraints(GenericParameter parameter)
        {
            foreach (var constraint in parameter.Constraints)
                Add(constraint.ConstraintType);
        }

        private void Attributes(ICustomAttributeProvider of)
        {
            foreach (var attribute in of.CustomAttributes)
            {
                Add(attribute.AttributeType);
                foreach (var argument in attribute.ConstructorArguments)
                    Operand(argument.Value);
            }
        }

        private void Add(TypeReference? type)
        {
            switch (type)
            {
                case null or GenericParameter:
                    return;
                case GenericInstanceType generic:
                    foreach (var argument in generic.GenericArguments)
                        Add(argument);
                    Add(generic.ElementType);
                    return;
                case TypeSpecification of:
                    Add(of.ElementType);
                    return;
            }
            while (type.DeclaringType is { } outer)
                type = outer;
            if (type is TypeDefinition own && own != outermost)
                uses.Add(new TypeUse(outermost, own));
        }
    }
}
