using System.Globalization;
using Ledger.Core;

namespace Ledger.Storage.Tests;

/// <summary>
/// Runs in a process of its own: writes and says on stdout what was acknowledged, until it has written
/// enough, is killed, or a write fails. After a failed write it tries once more, which must fail too.
/// </summary>
internal static class Appender
{
    public const string Verb = "--append";
    public const string Ledger = "ledger";
    public const string Journal = "journal";

    /// <summary>Only makes the data folder.</summary>
    public const string Folder = "folder";

    /// <summary>The exit code after a write that failed and stayed failed.</summary>
    public const int Failed = 3;

    /// <summary>The journal is replaced by its last record whenever that is a multiple of this.</summary>
    public const int ReplaceEvery = 20;

    private const int RecordBytes = 4096;

    public static int Run(string what, string folder, int count)
        => what switch
        {
            Ledger => AppendBlocks(folder, count),
            Journal => AppendRecords(folder, count),
            _ => MakeFolder(folder),
        };

    private static int MakeFolder(string folder)
    {
        try
        {
            DataFolder.Open(folder, Sample.ChainId, Sample.Genesis).Dispose();
            return 0;
        }
        catch (DataFolderException failure)
        {
            Console.Out.WriteLine($"failed {failure.Message}");
            return Failed;
        }
    }

    private static int AppendBlocks(string folder, int count)
    {
        using var store = LedgerStore.Open(folder, Sample.Genesis, Sample.ChainId, StorageOptions.Default);
        for (var i = 0; i < count; i++)
        {
            var block = SampleChain.After(store);
            if (!Try(() => store.Append([block])))
            {
                return StaysFailed(() => store.Append([block])) ? Failed : 1;
            }

            Acknowledge(store.Head!.Height.Value);
        }

        return 0;
    }

    private static int AppendRecords(string folder, int count)
    {
        using var journal = ConsensusJournal.Open(folder, Sample.Genesis, Sample.Validator);
        var last = Sample.Texts(journal.ReadAll()).LastOrDefault("0");
        var number = ulong.Parse(last, CultureInfo.InvariantCulture);
        for (var i = 0; i < count; i++)
        {
            number++;
            var records = Sample.Records(number.ToString(CultureInfo.InvariantCulture).PadRight(RecordBytes));
            Action write = number % ReplaceEvery == 0
                ? () => journal.Replace(records)
                : () => journal.Append(records);
            if (!Try(write))
            {
                return StaysFailed(write) ? Failed : 1;
            }

            Acknowledge(number);
        }

        return 0;
    }

    private static bool Try(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (StorageFailedException failure)
        {
            Console.Out.WriteLine($"failed {failure.Message}");
            return false;
        }
    }

    private static bool StaysFailed(Action write) => !Try(write);

    private static void Acknowledge(ulong number)
    {
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"acknowledged {number}"));
        Console.Out.Flush();
    }
}
