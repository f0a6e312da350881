namespace RocksDbSharp;

/// <summary>Like the other option objects, it lives as long as the process.</summary>
public class EnvOptions
{
    public nint Handle { get; } = Native.rocksdb_envoptions_create();
}

public class IngestExternalFileOptions
{
    public nint Handle { get; } = Native.rocksdb_ingestexternalfileoptions_create();

    public IngestExternalFileOptions SetMoveFiles(bool moveFiles)
    {
        Native.rocksdb_ingestexternalfileoptions_set_move_files(Handle, moveFiles ? (byte)1 : (byte)0);
        return this;
    }
}

/// <summary>Writes one table outside of any database, keys ascending.</summary>
public class SstFileWriter : IDisposable
{
    public SstFileWriter(EnvOptions? envOptions = null, ColumnFamilyOptions? ioOptions = null)
        => Handle = Native.rocksdb_sstfilewriter_create(
            (envOptions ?? new EnvOptions()).Handle, (ioOptions ?? new ColumnFamilyOptions()).Handle);

    public nint Handle { get; protected set; }

    public void Open(string filename)
    {
        Native.rocksdb_sstfilewriter_open(Handle, Native.Path(filename), out var error);
        Native.Check(error);
    }

    public void Add(byte[] key, byte[] val)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(val);
        Native.rocksdb_sstfilewriter_put(
            Handle, key, (nuint)key.Length, val, (nuint)val.Length, out var error);
        Native.Check(error);
    }

    public void Finish()
    {
        Native.rocksdb_sstfilewriter_finish(Handle, out var error);
        Native.Check(error);
    }

    public void Dispose()
    {
        var handle = Handle;
        Handle = 0;
        if (handle != 0)
        {
            Native.rocksdb_sstfilewriter_destroy(handle);
        }

        GC.SuppressFinalize(this);
    }
}
