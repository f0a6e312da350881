using System.Globalization;
using Ledger.Core;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Ledger.Cli.Devnet;

/// <summary>Draws a devnet for a terminal of 80 by 24 and more.</summary>
internal static class DevnetView
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>More validators than fit below the head would scroll the view apart.</summary>
    private const int RowsMax = 10;

    public static IRenderable Render(DevnetFolder folder, DevnetPicture picture, TimeSpan uptime)
    {
        var isRaft = folder.Settings.Mode == "raft";
        var leader = LeaderOf(picture);
        Grid figures = new();
        for (var i = 0; i < 5; i++)
        {
            figures.AddColumn(new GridColumn().Width(14).PadRight(1));
        }

        figures.AddRow("[grey]height[/]", "[grey]blocks/s[/]", "[grey]tx/s[/]", isRaft
            ? "[grey]term[/]" : "[grey]view[/]", isRaft ? "[grey]leader[/]" : "[grey]primary[/]");
        figures.AddRow(
            $"[bold cyan]{picture.Height:N0}[/]",
            $"[bold]{picture.BlocksPerSecond:N1}[/]",
            $"[bold green]{picture.TransactionsPerSecond:N0}[/]",
            $"[bold]{ViewOf(picture)}[/]",
            leader is { } index ? $"[bold yellow]{folder.Plan.Validators[index].Name}[/]" : "[grey]none[/]");

        return new Rows(
            new Rule(Title(folder, picture, uptime)).LeftJustified().RuleStyle("grey"),
            figures,
            new Markup($"[grey]tx/s [/][green]{Spark(picture.Spark)}[/]\n"),
            Validators(folder, picture, leader),
            new Markup("[grey]ledger bench          load it          ledger watch  follow the "
                + "blocks\nCtrl-C                stop all         logs in "
                + $"{Markup.Escape(Short(folder.Path))}/*/node.log[/]"));
    }

    /// <summary>The same in one line, where nothing can be drawn over.</summary>
    public static string Line(DevnetFolder folder, DevnetPicture picture)
    {
        var ready = picture.Samples.Count(sample => sample is { IsReady: true });
        var leader = LeaderOf(picture) is { } index ? folder.Plan.Validators[index].Name : "none";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"height {picture.Height}, {picture.BlocksPerSecond:0.0} blocks/s, "
            + $"{picture.TransactionsPerSecond:0} tx/s, {WordFor(folder)} {ViewOf(picture)} led by {leader}, "
            + $"{ready} of {SeatsIn(picture)} ready");
    }

    private static string Title(DevnetFolder folder, DevnetPicture picture, TimeSpan uptime)
    {
        var ready = picture.Samples.Count(sample => sample is { IsReady: true });
        var colour = ready == SeatsIn(picture) ? "green" : "red";
        return $"[bold]{folder.Plan.ChainId}[/] [grey]{folder.Settings.Mode}[/] "
            + $"[{colour}]{ready}/{SeatsIn(picture)} ready[/] [grey]up {uptime:hh\\:mm\\:ss}[/]";
    }

    private static int SeatsIn(DevnetPicture picture)
        => picture.Samples.Count(sample => sample is not { WasRemoved: true });

    private static Table Validators(DevnetFolder folder, DevnetPicture picture, int? leader)
    {
        var table = new Table().Border(TableBorder.Simple).BorderColor(Color.Grey).Width(78);
        table.AddColumns("validator", "url", "state");
        foreach (var title in (string[])["height", "peers", "mempool", "last block"])
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }

        for (var i = 0; i < Math.Min(RowsMax, picture.Samples.Count); i++)
        {
            var plan = folder.Plan.Validators[i];
            var name = i == leader ? $"[yellow]{plan.Name} *[/]" : plan.Name;
            var url = $"[grey]:{plan.HttpPort}[/]";
            if (picture.Samples[i] is { } sample)
            {
                table.AddRow(
                    name, url, sample.IsReady ? "[green]● ready[/]" : $"[yellow]● {sample.Status.State}[/]",
                    $"{sample.Status.Height:N0}", $"{sample.Status.Peers}/{picture.Samples.Count - 1}",
                    $"{sample.Status.MempoolTransactions:N0}",
                    Age(sample.BlockAge));
            }
            else
            {
                table.AddRow(name, url, "[red]● down[/]", "-", "-", "-", "-");
            }
        }

        return picture.Samples.Count <= RowsMax
            ? table
            : table.AddRow($"[grey]and {picture.Samples.Count - RowsMax} more[/]");
    }

    private static string WordFor(DevnetFolder folder) => folder.Settings.Mode == "raft" ? "term" : "view";

    private static int? LeaderOf(DevnetPicture picture)
    {
        // One that was cut off may still believe it leads: the highest view is right.
        int? leader = null;
        for (var i = 0; i < picture.Samples.Count; i++)
        {
            if (picture.Samples[i] is { Status.IsPrimary: true } sample
                && (leader is not { } best || sample.Status.View > picture.Samples[best]!.Status.View))
            {
                leader = i;
            }
        }

        return leader;
    }

    private static View ViewOf(DevnetPicture picture)
        => new(picture.Samples.Max(sample => sample?.Status.View ?? 0));

    private static string Age(TimeSpan? age) => age switch
    {
        null => "-",
        { TotalSeconds: < 60 } => $"{age.Value.TotalSeconds:0.0} s",
        { TotalMinutes: < 60 } => $"{age.Value.TotalMinutes:0} min",
        _ => $"{age.Value.TotalHours:0} h",
    };

    private static string Spark(IReadOnlyList<double> values)
    {
        var top = Math.Max(1, values.Max());
        return string.Concat(values.Select(value => Bars[(int)(value / top * (Bars.Length - 1))]));
    }

    private static string Short(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }
}
