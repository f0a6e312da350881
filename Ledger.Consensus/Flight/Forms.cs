using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using Ledger.Core;

namespace Ledger.Consensus.Flight;

/// <summary>A class or struct of ours: its fields, its bases' first.</summary>
internal sealed class FieldsForm : Form
{
    private readonly Type _type;
    private readonly FieldInfo[] _fields;
    private Form[]? _forms;

    public FieldsForm(Type type)
    {
        _type = type;
        List<FieldInfo> fields = [];
        for (var level = type; level is not null; level = level.BaseType)
        {
            fields.InsertRange(0, level.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic
                | BindingFlags.DeclaredOnly));
        }

        _fields = [.. fields];
    }

    public override IEnumerable<Type> Parts => _fields.Select(each => each.FieldType);

    public override string Note => string.Join(' ', _fields.Select(each => each.Name));

    private Form[] Forms => _forms ??= [.. _fields.Select(each => Of(each.FieldType))];

    public override void Write(object? value, PictureWriter writer)
    {
        if (_type.IsValueType || writer.Opens(value))
        {
            for (var i = 0; i < _fields.Length; i++)
            {
                Forms[i].Write(_fields[i].GetValue(value), writer);
            }
        }
    }

    public override object? Read(PictureReader reader)
        => _type.IsValueType ? ReadFields(reader) : reader.Reference(ReadFields);

    private object ReadFields(PictureReader reader)
    {
        var value = RuntimeHelpers.GetUninitializedObject(_type);
        for (var i = 0; i < _fields.Length; i++)
        {
            _fields[i].SetValue(value, Forms[i].Read(reader));
        }

        return value;
    }
}

/// <summary>One of several types: which of them, then the value.</summary>
internal sealed class FamilyForm(Type declared) : Form
{
    private readonly Type[] _members = FamilyOf(declared);

    public override IEnumerable<Type> Parts => _members;

    public override void Write(object? value, PictureWriter writer)
    {
        if (value is null)
        {
            writer.Number(0);
            return;
        }

        var index = Array.IndexOf(_members, value.GetType());
        if (index < 0)
        {
            throw new FlightException($"the flight recorder does not know how to keep a {value.GetType()}");
        }

        writer.Number((ulong)index + 1);
        Of(_members[index]).Write(value, writer);
    }

    public override object? Read(PictureReader reader)
    {
        var index = reader.Number();
        if (index == 0)
        {
            return null;
        }

        return index <= (ulong)_members.Length
            ? Of(_members[index - 1]).Read(reader) : throw PictureReader.Damaged();
    }
}

/// <summary>A block without its body, which consensus never looks into: its header and its length.</summary>
internal sealed class BlockForm : Form
{
    public override IEnumerable<Type> Parts => [typeof(BlockHeader)];

    public override void Write(object? value, PictureWriter writer)
    {
        if (writer.Opens(value))
        {
            var block = (Block)value!;
            writer.Number((ulong)block.Encoded.Length);
            writer.Write(block.Header, typeof(BlockHeader));
        }
    }

    public override object? Read(PictureReader reader) => reader.Reference(static from =>
    {
        var bytes = from.Number();
        var header = from.Read(typeof(BlockHeader)) as BlockHeader;
        return header is not null && bytes <= Limits.BlockBytes
            ? Block.Outline(header, (int)bytes)
            : throw PictureReader.Damaged();
    });
}

/// <summary>A value or none.</summary>
internal sealed class NullableForm(Type value) : Form
{
    public override IEnumerable<Type> Parts => [value];

    public override void Write(object? some, PictureWriter writer)
    {
        writer.Number(some is null ? 0UL : 1);
        if (some is not null)
        {
            Of(value).Write(some, writer);
        }
    }

    public override object? Read(PictureReader reader)
        => reader.Number() == 0 ? null : Of(value).Read(reader);
}

/// <summary>An array, list, queue or set: its elements in their order.</summary>
internal sealed class SequenceForm(Type type, Type element) : Form
{
    public override IEnumerable<Type> Parts => [element];

    public override void Write(object? value, PictureWriter writer)
    {
        if (!writer.Opens(value))
        {
            return;
        }

        // A set tells its length only to those who know what is in it.
        var elements = (IEnumerable)value!;
        var form = Of(element);
        writer.Number(
            (ulong)(elements is ICollection known ? known.Count : elements.Cast<object?>().Count()));
        foreach (var each in elements)
        {
            form.Write(each, writer);
        }
    }

    public override object? Read(PictureReader reader) => reader.Reference(from =>
    {
        var elements = Array.CreateInstance(element, from.Count());
        var form = Of(element);
        for (var i = 0; i < elements.Length; i++)
        {
            elements.SetValue(form.Read(from), i);
        }

        return type.IsArray ? elements : Activator.CreateInstance(type, elements)!;
    });
}

/// <summary>A dictionary: its pairs.</summary>
internal sealed class MapForm(Type type, Type key, Type value) : Form
{
    public override IEnumerable<Type> Parts => [key, value];

    public override void Write(object? map, PictureWriter writer)
    {
        if (writer.Opens(map))
        {
            var pairs = (IDictionary)map!;
            writer.Number((ulong)pairs.Count);
            foreach (DictionaryEntry pair in pairs)
            {
                Of(key).Write(pair.Key, writer);
                Of(value).Write(pair.Value, writer);
            }
        }
    }

    public override object? Read(PictureReader reader) => reader.Reference(from =>
    {
        var pairs = (IDictionary)Activator.CreateInstance(type)!;
        for (var left = from.Count(); left > 0; left--)
        {
            pairs.Add(Of(key).Read(from)!, Of(value).Read(from));
        }

        return pairs;
    });
}
