using Ledger.Core;
using Ledger.Crypto;
using Ledger.Node.Configuration;
using Ledger.Node.Transport;
using Ledger.Storage;

namespace Ledger.Node.Hosting;

/// <summary>What a node holds on to from start to stop: its genesis, key, data folder and databases.</summary>
internal sealed class NodeParts : IDisposable
{
    private readonly DataFolder _folder;

    private NodeParts(
        Genesis genesis, SigningKey key, ValidatorIndex self, DataFolder folder, LedgerStore store, ConsensusJournal journal)
    {
        Genesis = genesis;
        Key = key;
        Self = self;
        _folder = folder;
        Store = store;
        Journal = journal;
    }

    public Genesis Genesis { get; }

    public SigningKey Key { get; }

    public ValidatorIndex Self { get; }

    /// <summary>The data folder's path.</summary>
    public string Root => _folder.Root;

    public LedgerStore Store { get; }

    public ConsensusJournal Journal { get; }

    public static NodeParts Open(NodeOptions options)
    {
        var genesis = ReadGenesis(options);
        var key = ReadKey(options);
        DataFolder? folder = null;
        LedgerStore? store = null;
        ConsensusJournal? journal = null;
        try
        {
            var self = IndexOf(key.PublicKey, genesis, options);
            folder = DataFolder.Open(options.DataDir, genesis.ChainId, genesis.Hash);
            RestoreMark.MustNotBeIn(folder.Root);
            IncomingLedger.Settle(folder.Root);
            LedgerCheckpoint.Remove(folder.Root);
            store = LedgerStore.Open(
                folder.Root, genesis.Hash, genesis.ChainId,
                StorageOptions.Default with { CacheBytes = (long)options.CacheMiB << 20 });
            journal = ConsensusJournal.Open(
                folder.Root, genesis.Hash, key.PublicKey, ledgerHasBlocks: store.Head?.Height > Height.Genesis);
            store.Accompany(journal);
            return new(genesis, key, self, folder, store, journal);
        }
        catch
        {
            journal?.Dispose();
            store?.Dispose();
            folder?.Dispose();
            key.Dispose();
            throw;
        }
    }

    public static Genesis ReadGenesis(NodeOptions options)
    {
        try
        {
            return GenesisFile.Parse(File.ReadAllText(options.GenesisFile));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([$"genesisFile: {exception.Message}"]);
        }
        catch (GenesisException exception)
        {
            throw new ConfigurationException([$"genesisFile {options.GenesisFile}: {exception.Message}"]);
        }
    }

    public static SigningKey ReadKey(NodeOptions options)
    {
        try
        {
            var passphrase = options.PassphraseFile is { } file ? File.ReadLines(file).FirstOrDefault() : null;
            return KeyFile.Load(options.KeyFile, passphrase);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KeyFileException)
        {
            throw new ConfigurationException([$"keyFile: {exception.Message}"]);
        }
    }

    public static ValidatorIndex IndexOf(PublicKey key, Genesis genesis, NodeOptions options)
        => genesis.Validators.IndexOf(key) ?? throw new ConfigurationException(
        [
            $"keyFile: {options.KeyFile} holds the key {key}, which is none of the validators of chain "
                + $"'{genesis.ChainId}' in {options.GenesisFile}",
        ]);

    /// <summary>Where the other validators are, by the names that genesis gives them.</summary>
    public static IReadOnlyList<PeerEndpoint> PeersOf(NodeOptions options, Genesis genesis)
    {
        List<string> faults = [];
        List<PeerEndpoint> peers = [];
        foreach (var (name, (host, port)) in options.PeerEndpoints)
        {
            var index = genesis.Validators.Members.ToList().FindIndex(v => v.Name == name);
            if (index < 0)
            {
                faults.Add($"peers.endpoints.{name}: no validator of chain '{genesis.ChainId}' has this name");
            }
            else
            {
                peers.Add(new(new(index), host, port));
            }
        }

        return faults.Count == 0 ? peers : throw new ConfigurationException(faults);
    }

    public void Dispose()
    {
        Journal.Dispose();
        Store.Dispose();
        _folder.Dispose();
        Key.Dispose();
    }
}
