using System.Collections;

namespace RocksDbSharp;

public abstract class ColumnFamilyHandle
{
    public abstract nint Handle { get; }
}

public class ColumnFamilies : IEnumerable<ColumnFamilies.Descriptor>
{
    public static readonly string DefaultName = "default";

    private readonly List<Descriptor> _descriptors;

    public ColumnFamilies(ColumnFamilyOptions? options = null)
        => _descriptors = [new(DefaultName, options ?? new ColumnFamilyOptions())];

    internal IReadOnlyList<Descriptor> Descriptors => _descriptors;

    public void Add(string name, ColumnFamilyOptions options) => _descriptors.Add(new(name, options));

    public IEnumerator<Descriptor> GetEnumerator() => _descriptors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public class Descriptor(string name, ColumnFamilyOptions options)
    {
        public string Name { get; } = name;

        public ColumnFamilyOptions Options { get; } = options;
    }
}
